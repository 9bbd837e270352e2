import type { FileHandle } from 'node:fs/promises';
import type { RegistryError } from '../../core/error.ts';
import type { Hashing } from '../../lib/hashing.ts';
import { storageError } from './storage-error.ts';

const READ = 1024 * 1024;

/** Writes all of `bytes` at `position`. Answers what went wrong rather than rejecting, as nobody may be waiting yet. */
export async function writeAll(
  file: FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<RegistryError | undefined> {
  try {
    for (let at = 0; at < bytes.byteLength;) {
      const { bytesWritten } = await file.write(bytes, at, bytes.byteLength - at, position + at);
      if (bytesWritten === 0) throw new Error('the file takes no more bytes');
      at += bytesWritten;
    }
    return undefined;
  } catch (error) {
    return storageError(error);
  }
}

/** Shows `hashing` what the file has beyond what it has seen, up to `size`. */
export async function catchUp(hashing: Hashing, file: FileHandle, size: number): Promise<void> {
  if (hashing.length === size) return;
  const buffer = new Uint8Array(Math.min(READ, size - hashing.length));
  while (hashing.length < size) {
    const wanted = Math.min(buffer.byteLength, size - hashing.length);
    const { bytesRead } = await file.read(buffer, 0, wanted, hashing.length);
    if (bytesRead === 0) throw new Error('the file is shorter than it was');
    hashing.update(buffer.subarray(0, bytesRead));
  }
}
