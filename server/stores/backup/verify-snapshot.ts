import type { BlobInfo } from '../../core/blob.ts';
import { SnapshotDatabase } from '../metadata/snapshot.ts';
import { blobName } from './backup-names.ts';
import type { BackupTarget } from './backup-target.ts';
import { concurrently } from './copy-file.ts';
import type { OpenedSnapshot } from './opened-snapshot.ts';
import type { Progress } from './progress.ts';
import { type StoredBlob, withStored } from './stored-blobs.ts';

const WORKERS = 4;

/** What is wrong with the stored blobs that a snapshot names, in words. With `deep` every byte is read. */
export async function damagedBlobs(
  target: BackupTarget,
  opened: OpenedSnapshot,
  { deep, progress }: { readonly deep: boolean; readonly progress: Progress },
): Promise<readonly string[]> {
  using database = new SnapshotDatabase(opened.database, { readonly: true });
  const wrong: string[] = [];
  await concurrently(withStored(database.blobs(), target), WORKERS, async (entry) => {
    const { blob } = entry;
    const says = wrongSize(entry) ?? (deep ? await wrongBytes(target, blob, progress) : undefined);
    if (says !== undefined) wrong.push(`${blob.digest} ${says}`);
  });
  return wrong.sort();
}

function wrongSize({ blob, stored }: StoredBlob): string | undefined {
  if (stored === undefined) return 'is missing';
  return stored === blob.size ? undefined : `has ${stored} bytes instead of ${blob.size}`;
}

async function wrongBytes(
  target: BackupTarget,
  blob: BlobInfo,
  progress: Progress,
): Promise<string | undefined> {
  const read = await target.read(blobName(blob.digest), (piece) => progress.done(piece.byteLength));
  return read.size === blob.size && `sha256:${read.sha256}` === blob.digest ? undefined : 'holds other bytes';
}
