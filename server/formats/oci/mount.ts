import type { FileRef, StoredFile } from '../../core/catalog.ts';
import { isNotFound } from '../../core/error.ts';
import type { Command } from '../../core/format.ts';
import { blobFile } from './files.ts';
import { checksumOf, type OciDigest } from './names.ts';

/**
 * Makes a blob of another image one of this image's, when the caller may read it there. Nothing when it may not or
 * when there is no such blob: the client then uploads, and learns nothing of which it was.
 */
export async function mountBlob(
  { query, repo, elsewhere }: Command,
  image: string,
  digest: OciDigest,
): Promise<OciDigest | undefined> {
  const from = query.get('from');
  const found =
    from === null ? await elsewhere.holding(checksumOf(digest)) : await inNamed(elsewhere, from, digest);
  if (!found) return undefined;
  try {
    await repo.link({ ...blobFile(image, digest), blob: found.blob });
  } catch (error) {
    // It was deleted since.
    if (isNotFound(error)) return undefined;
    throw error;
  }
  return digest;
}

async function inNamed(
  elsewhere: Command['elsewhere'],
  address: string,
  digest: OciDigest,
): Promise<StoredFile | undefined> {
  const place = await elsewhere.at(address);
  const ref: FileRef | undefined = place && blobFile(place.rest, digest);
  return ref && place?.repo.file(ref);
}
