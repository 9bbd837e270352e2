import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** The SHA-256 of a file from its beginning, read a MiB at a time. */
export async function sha256Of(file: FileHandle, encoding: 'hex' | 'base64'): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(2 ** 20);
  for (let at = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return hash.digest(encoding);
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}
