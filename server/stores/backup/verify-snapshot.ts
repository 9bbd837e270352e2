import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobInfo } from '../../core/blob.ts';
import { SnapshotDatabase } from '../metadata/snapshot.ts';
import type { BackupDirectory, Snapshot } from './backup-directory.ts';
import { BackupError, codeOf } from './backup-error.ts';
import { DATABASE } from './backup-layout.ts';
import { concurrently, readThrough } from './copy-file.ts';
import type { Progress } from './progress.ts';

const WORKERS = 4;

/** Fails unless the snapshot's own files hold what its manifest says. */
export async function checkFiles({ path, id, manifest }: Snapshot): Promise<void> {
  for (const { name, size, sha256 } of manifest.files) {
    const found = await readThrough(join(path, name)).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') throw new BackupError(`${name} of backup ${id} is missing`);
      throw new BackupError(`${name} of backup ${id} cannot be read`, { cause: error });
    });
    if (found.size !== size)
      throw new BackupError(
        `${name} of backup ${id} is truncated or damaged: ${found.size} bytes instead of ${size}`,
      );
    if (found.sha256 !== sha256)
      throw new BackupError(`${name} of backup ${id} is damaged: its sha256 is not the one in the manifest`);
  }
}

/** What is wrong with the stored blobs that a snapshot names, in words. With `deep` every byte is read. */
export async function damagedBlobs(
  { layout }: BackupDirectory,
  { path }: Snapshot,
  { deep, progress }: { readonly deep: boolean; readonly progress: Progress },
): Promise<readonly string[]> {
  using database = new SnapshotDatabase(join(path, DATABASE), { readonly: true });
  const wrong: string[] = [];
  await concurrently(database.blobs(), WORKERS, async (blob) => {
    const stored = layout.blob(blob.digest);
    const says =
      (await wrongSize(stored, blob)) ?? (deep ? await wrongBytes(stored, blob, progress) : undefined);
    if (says !== undefined) wrong.push(`${blob.digest} ${says}`);
  });
  return wrong.sort();
}

async function wrongSize(path: string, blob: BlobInfo): Promise<string | undefined> {
  try {
    const { size } = await lstat(path);
    return size === blob.size ? undefined : `has ${size} bytes instead of ${blob.size}`;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'is missing';
    throw error;
  }
}

async function wrongBytes(path: string, blob: BlobInfo, progress: Progress): Promise<string | undefined> {
  const { sha256 } = await readThrough(path, (piece) => progress.done(piece.byteLength));
  return `sha256:${sha256}` === blob.digest ? undefined : 'holds other bytes';
}
