import type { ByteStream } from '../../core/blob.ts';

type Bytes = Uint8Array<ArrayBuffer>;
type Chunk = Bytes | string;

export const bytesOf = (chunk: Chunk): Bytes =>
  typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;

/** The same bytes for the same seed, and no pattern that a wrong offset could hide behind. */
export function noise(length: number, seed = 1): Bytes {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed;
  for (let n = 0; n < words.length; n += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[n] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** A body of just these chunks. With `failure` it breaks off after them. */
export function bodyOf(chunks: readonly Chunk[], failure?: Error): ByteStream {
  const rest = chunks.values();
  return new ReadableStream<Bytes>(
    {
      pull(body) {
        const { done, value } = rest.next();
        if (!done) body.enqueue(bytesOf(value));
        else if (failure) body.error(failure);
        else body.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** A body that gives its chunks, says so by `waiting`, and goes no further until `finish`. */
export function pausedBody(chunks: readonly Chunk[]): {
  readonly body: ByteStream;
  readonly waiting: Promise<void>;
  readonly finish: () => void;
} {
  const rest = chunks.values();
  const waiting = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<void>();
  const body = new ReadableStream<Bytes>(
    {
      async pull(out) {
        const { done, value } = rest.next();
        if (!done) return out.enqueue(bytesOf(value));
        waiting.resolve();
        await finished.promise;
        out.close();
      },
    },
    { highWaterMark: 0 },
  );
  return { body, waiting: waiting.promise, finish: finished.resolve };
}

/** A body without end. `given` counts its bytes and `cancelled` settles when its reader has had enough. */
export function endlessBody(chunk: Bytes): {
  readonly body: ByteStream;
  readonly cancelled: Promise<void>;
  readonly given: () => number;
} {
  let given = 0;
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream<Bytes>(
    {
      pull(out) {
        given += chunk.byteLength;
        out.enqueue(chunk.slice());
      },
      cancel: () => cancelled.resolve(),
    },
    { highWaterMark: 0 },
  );
  return { body, cancelled: cancelled.promise, given: () => given };
}
