import { createHash } from 'node:crypto';
import type { ByteStream } from '../core/blob.ts';
import type { CopyState } from '../core/copies.ts';
import { RegistryError } from '../core/error.ts';
import type { IndexKey, IndexKind, Listing, UpstreamIndex } from '../core/index-kind.ts';
import type { ReadIndex } from './remote-memory.ts';
import type { Unkept } from './unkept-copies.ts';

/** A body in memory, and what it is known by. DATA_LOSS when it is longer than `limit` bytes. */
export async function receive(
  body: ByteStream,
  limit: number,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly digest: string }> {
  const hash = createHash('sha256');
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const piece of body) {
    length += piece.byteLength;
    if (length > limit)
      throw new RegistryError('DATA_LOSS', 'SIZE_LIMIT', `an index is larger than ${limit} bytes`);
    hash.update(piece);
    pieces.push(piece);
  }
  return { bytes: new Uint8Array(Buffer.concat(pieces)), digest: hash.digest('base64url') };
}

/** An index as an upstream sent it. */
export interface IndexBody {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where it came from. */
  readonly url: string;
}

/** An index as its upstream sent it, good to be answered, and not on the disk yet. */
export interface UnkeptIndex extends IndexBody, Unkept {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly source: string;
  readonly state: CopyState;
}

/** Without the query, which may be a secret. */
export const urlText = ({ origin, pathname }: URL): string => origin + pathname;

/** Reads an index and makes its listing when that is wanted. DATA_LOSS for a body that is none. */
export async function readIndex<T>(
  {
    kind,
    upstream,
    key,
  }: { readonly kind: IndexKind<T>; readonly upstream: UpstreamIndex<T>; readonly key: IndexKey },
  body: () => Promise<IndexBody>,
): Promise<{ readonly index: ReadIndex<T>; readonly bytes: number }> {
  const { bytes, url } = await body();
  const value = await upstream.parse(bytes, key, url);
  let listing: Listing | undefined;
  return {
    index: { value, listing: () => (listing ??= kind.listing?.(value, key) ?? new Map()) },
    bytes: bytes.byteLength,
  };
}
