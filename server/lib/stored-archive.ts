import type { Body, ByteRange } from '../core/blob.ts';
import type { RandomAccess } from './zip-archive.ts';

/** Stored bytes, to be read at any place. `open` answers a part of them. */
export const storedArchive = (size: number, open: (range: ByteRange) => Promise<Body>): RandomAccess => ({
  size,
  async read(start, length) {
    if (length === 0) return new Uint8Array();
    const body = await open({ start, end: start + length - 1 });
    return body instanceof Uint8Array ? body : new Uint8Array(await new Response(body).arrayBuffer());
  },
});
