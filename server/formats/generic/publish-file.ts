import type { CommittedBlob } from '../../core/blob.ts';
import type { HostedRepo } from '../../core/catalog.ts';
import { RegistryError } from '../../core/error.ts';
import { coordinatesOf, type Place, refOf, segmentsOf } from './places.ts';

/**
 * Makes stored bytes a file of a version. `same` where it was there with these bytes. ALREADY_EXISTS (FILE_EXISTS) where it is there
 * with others: a file of a version stays what it is.
 */
export async function publishFile(
  repo: HostedRepo,
  place: Place,
  blob: CommittedBlob,
): Promise<'created' | 'same'> {
  const ref = refOf(place);
  const known = await repo.file(ref);
  if (known?.blob.digest === blob.digest) {
    await repo.abandon();
    return 'same';
  }
  if (known) throw exists(place, known.blob.digest);
  try {
    await repo.publish({
      ...coordinatesOf(place),
      attributes: {},
      size: blob.size,
      files: [{ ...ref, blob }],
      searchText: '',
      onConflict: 'extend',
    });
  } catch (error) {
    if (!(error instanceof RegistryError) || error.reason !== 'FILE_EXISTS') throw error;
    throw exists(place, error.details['digest'] ?? '');
  }
  return 'created';
}

/** In words by which clients know that it is there. */
export const exists = (place: Place, digest: string): RegistryError =>
  new RegistryError(
    'ALREADY_EXISTS',
    'FILE_EXISTS',
    `file ${segmentsOf(place).join('/')} already exists with other bytes (${digest}). A file of a version stays what it is: publish ` +
      'another version, or delete the file first',
    { details: { path: segmentsOf(place).join('/'), digest } },
  );
