import type { ByteStream } from '../core/blob.ts';
import { RegistryError } from '../core/error.ts';

export interface HandingOver<T> {
  /** Waits until the bytes are wanted. Fails as the reader did, once it has. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Ends the stream; answers what the reader made of it. */
  end(): Promise<T>;
  /** Breaks the stream off, and waits until its reader has noticed. */
  fail(error: unknown): Promise<void>;
}

/**
 * Turns a reader of a stream round: somebody writes the stream instead, at the reader's pace. A reader that fails, or
 * ends before the stream does, fails the next write.
 */
export function handOver<T>(read: (stream: ByteStream) => Promise<T>): HandingOver<T> {
  let wanted = Promise.withResolvers<void>();
  let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  let open = true;
  /** Whether all was written, so that the reader may end. */
  let ended = false;
  const stream: ByteStream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(itself) {
        controller = itself;
      },
      pull() {
        wanted.resolve();
      },
      cancel() {
        open = false;
        wanted.resolve();
      },
    },
    { highWaterMark: 0 },
  );
  const result = read(stream);
  const endsEarly = result.then(() => {
    if (ended) return;
    throw new RegistryError('INTERNAL', 'UNEXPECTED', 'a stream was not read to its end');
  });
  // Whoever waits for a write learns of it; when nobody does any more, `end` and `fail` look at the result.
  endsEarly.catch(() => {});
  return {
    async write(bytes) {
      await Promise.race([wanted.promise, endsEarly]);
      if (!open) await endsEarly;
      wanted = Promise.withResolvers();
      controller?.enqueue(bytes);
    },
    async end() {
      ended = true;
      if (open) controller?.close();
      open = false;
      return await result;
    },
    async fail(error) {
      if (open) controller?.error(error);
      open = false;
      await result.catch(() => {});
    },
  };
}
