import type { ByteStream } from '../core/blob.ts';
import { RegistryError } from '../core/error.ts';

/** A body of at most `limit` bytes in memory. SIZE_LIMIT, and no more is read, when it is longer. */
export async function readWhole(
  body: ByteStream,
  limit: number,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > limit)
      throw new RegistryError('INVALID_ARGUMENT', 'SIZE_LIMIT', `${what} is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
