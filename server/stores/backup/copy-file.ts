import { type FileHandle, open } from 'node:fs/promises';

const READ_BYTES = 1024 * 1024;

export interface Copied {
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Reads a whole file; answers what it held. `each` is told of every piece, which is used again afterwards. */
export async function readThrough(
  path: string,
  each: (piece: Uint8Array) => Promise<void> | void = () => undefined,
): Promise<Copied> {
  await using file = await open(path, 'r');
  const hasher = new Bun.CryptoHasher('sha256');
  const buffer = new Uint8Array(READ_BYTES);
  for (let size = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, size);
    if (bytesRead === 0) return { size, sha256: hasher.digest('hex') };
    const piece = buffer.subarray(0, bytesRead);
    hasher.update(piece);
    await each(piece);
    size += bytesRead;
  }
}

/** Copies a file to a new one that only its owner reads, and syncs it. Answers what was copied. */
export async function copyThrough(
  from: string,
  to: string,
  copied: (bytes: number) => void = () => undefined,
): Promise<Copied> {
  await using file = await open(to, 'wx', 0o600);
  const result = await readThrough(from, async (piece) => {
    await writeAll(file, piece);
    copied(piece.byteLength);
  });
  await file.sync();
  return result;
}

export async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.byteLength;) at += (await file.write(piece, at)).bytesWritten;
}

/** `workers` at a time; the first failure ends all of it. */
export async function concurrently<T>(
  items: AsyncIterable<T>,
  workers: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  const failure = new AbortController();
  const worker = async (): Promise<void> => {
    try {
      while (!failure.signal.aborted) {
        const { value, done } = await iterator.next();
        if (done === true) return;
        await work(value);
      }
    } catch (error) {
      failure.abort();
      throw error;
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: workers }, worker));
  await iterator.return?.();
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}

// oxlint-disable-next-line require-await -- its callers wait for what takes longer, too
export async function* asynchronously<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}
