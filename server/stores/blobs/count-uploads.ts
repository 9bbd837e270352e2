import type { BlobStore } from '../../core/blob.ts';

/** Uploads that have begun and not ended. */
export async function countUploads(blobs: BlobStore): Promise<number> {
  let open = 0;
  for await (const _ of blobs.uploads()) open += 1;
  return open;
}
