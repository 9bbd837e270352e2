import type { RegistryError } from '../../core/error.ts';
import type { Hashing } from '../../lib/hashing.ts';
import { EarlySync } from './early-sync.ts';
import { checkLimit, uploadUnknown } from './expectation.ts';
import type { Allowance } from './free-space.ts';
import type { Pieces } from './pieces.ts';
import type { StageFile } from './stage-file.ts';
import { storageError } from './storage-error.ts';

const READ = 1024 * 1024;

interface Intake {
  readonly file: StageFile;
  /** Has seen what is in the file, and so tells where it ends. */
  readonly hashing: Hashing;
  readonly allowance: Allowance;
  /** Bytes the file may have in all. */
  readonly limit: number | undefined;
  /** Whether the upload has been given up meanwhile. */
  readonly stopped: () => boolean;
  /** Told where the file ends, each time it has grown. */
  readonly grew: ((offset: number) => void) | undefined;
}

/** Writes and hashes a body as it comes. Nothing is done to the file any more when this returns or fails. */
export async function takeIn(incoming: Pieces, intake: Intake): Promise<void> {
  const { file, hashing, allowance, limit, stopped, grew } = intake;
  let writing: ReturnType<typeof writeAll> = Promise.resolve(undefined);
  const early = new EarlySync(file);
  const settle = async (): Promise<void> => {
    const failure = (await writing) ?? early.failure;
    if (failure) throw failure;
    if (stopped()) throw uploadUnknown();
  };
  try {
    for await (const piece of incoming) {
      checkLimit(limit, hashing.length + piece.byteLength);
      await allowance.spend(piece.byteLength);
      await settle();
      // The disk works on this piece while we hash it.
      writing = writeAll(file, piece, hashing.length, grew);
      hashing.update(piece);
      early.wrote(piece.byteLength);
    }
  } finally {
    await writing;
    await early.settled();
  }
  await settle();
}

/** Writes all of `bytes` at `position`. Answers what went wrong rather than rejecting, as nobody may be waiting yet. */
async function writeAll(
  file: StageFile,
  bytes: Uint8Array,
  position: number,
  grew: Intake['grew'],
): Promise<RegistryError | undefined> {
  try {
    for (let at = 0; at < bytes.byteLength;) {
      const bytesWritten = await file.write(bytes.subarray(at), position + at);
      if (bytesWritten === 0) throw new Error('the file takes no more bytes');
      at += bytesWritten;
      grew?.(position + at);
    }
    return undefined;
  } catch (error) {
    return storageError(error);
  }
}

/** Shows `hashing` what the file has beyond what it has seen, up to `size`. */
export async function catchUp(hashing: Hashing, file: StageFile, size: number): Promise<void> {
  if (hashing.length === size) return;
  const buffer = new Uint8Array(Math.min(READ, size - hashing.length));
  while (hashing.length < size) {
    const wanted = Math.min(buffer.byteLength, size - hashing.length);
    const bytesRead = await file.read(buffer, wanted, hashing.length);
    if (bytesRead === 0) throw new Error('the file is shorter than it was');
    hashing.update(buffer.subarray(0, bytesRead));
  }
}
