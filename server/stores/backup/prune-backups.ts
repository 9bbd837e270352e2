import type { Digest } from '../../core/blob.ts';
import { SnapshotDatabase } from '../metadata/snapshot.ts';
import { BLOBS, digestOf } from './backup-names.ts';
import type { BackupTarget } from './backup-target.ts';
import type { Backups } from './backups.ts';
import { concurrently } from './copy-file.ts';
import { openSnapshot } from './opened-snapshot.ts';

const WORKERS = 4;

export interface Pruned {
  readonly snapshots: readonly string[];
  /** Blobs that no snapshot needed any more. */
  readonly blobs: number;
}

/**
 * Removes all snapshots but the newest `keep`, and the blobs that only they named. Nothing is removed while one of those
 * that stay cannot be trusted to say what it needs.
 */
export async function pruneBackups(backups: Backups, keep: number): Promise<Pruned> {
  const snapshots = await backups.snapshots();
  await using open = new AsyncDisposableStack();
  const databases: SnapshotDatabase[] = [];
  for (const snapshot of snapshots.slice(-keep)) {
    const { database } = open.use(await openSnapshot(backups, snapshot));
    databases.push(open.use(new SnapshotDatabase(database, { readonly: true })));
  }
  const superfluous = snapshots.slice(0, -keep).map(({ id }) => id);
  await backups.checkHold();
  for (const id of superfluous) await backups.remove(id);

  const needed = (digest: Digest): boolean => databases.some((database) => database.names(digest));
  const blobs = await sweep(backups, needed);
  return { snapshots: superfluous, blobs };
}

async function sweep(backups: Backups, needed: (digest: Digest) => boolean): Promise<number> {
  const { target } = backups;
  let removed = 0;
  await concurrently(superfluousBlobs(target, needed), WORKERS, async (name) => {
    if (removed % OFTEN === 0) await backups.checkHold();
    await target.remove(name);
    removed += 1;
  });
  await target.settle();
  return removed;
}

/** How many blobs go before it is asked again whether nobody else has begun. */
const OFTEN = 500;

async function* superfluousBlobs(
  target: BackupTarget,
  needed: (digest: Digest) => boolean,
): AsyncGenerator<string> {
  for await (const { name } of target.list(BLOBS)) {
    const digest = digestOf(name);
    if (digest !== undefined && !needed(digest)) yield name;
  }
}
