import type { ByteStream } from '../core/blob.ts';

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array<ArrayBuffer> | undefined }>;
  cancel(reason: unknown): Promise<void>;
}

/** As much of a body as came. */
export interface Taken {
  readonly pieces: Uint8Array<ArrayBuffer>[];
  /** Whether it ended where it should. */
  readonly isWhole: boolean;
  /** Why nothing more comes, where that is a failure. */
  readonly failure?: { readonly cause: unknown };
  /** The rest. */
  readonly reader: Reader;
}

/** Reads a body of `size` bytes into memory, until it turns out to be another, or is late. Does not fail. */
export async function taken(body: ByteStream, size: number, patienceMs?: number): Promise<Taken> {
  const reader = body.getReader();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const late = Promise.withResolvers<undefined>();
  const timer = patienceMs === undefined ? undefined : setTimeout(late.resolve, patienceMs, undefined);
  let length = 0;
  try {
    while (length <= size) {
      const next = reader.read();
      const read = await Promise.race([next, late.promise]);
      if (!read) return { pieces, isWhole: false, reader: begunWith(next, reader) };
      if (read.done) return { pieces, isWhole: length === size, reader };
      pieces.push(read.value);
      length += read.value.byteLength;
    }
    return { pieces, isWhole: false, reader };
  } catch (cause) {
    return { pieces, isWhole: false, failure: { cause }, reader };
  } finally {
    clearTimeout(timer);
  }
}

/** A reader that was asked already, and has not answered. */
function begunWith(next: ReturnType<Reader['read']>, reader: Reader): Reader {
  // It may fail before somebody goes on reading.
  next.catch(() => undefined);
  let first: typeof next | undefined = next;
  return {
    read: () => {
      const begun = first;
      first = undefined;
      return begun ?? reader.read();
    },
    cancel: (reason) => reader.cancel(reason),
  };
}

/** The same body as it would have been, once more. */
export function replayed({ pieces, failure, reader }: Taken): ByteStream {
  const left = pieces.values();
  return new ReadableStream(
    {
      async pull(out) {
        const piece = left.next();
        if (piece.done !== true) return out.enqueue(piece.value);
        if (failure) throw failure.cause;
        const { done, value } = await reader.read();
        if (done || !value) out.close();
        else out.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
