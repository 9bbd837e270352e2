import { opendir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../core/blob.ts';
import { SnapshotDatabase } from '../metadata/snapshot.ts';
import type { BackupDirectory } from './backup-directory.ts';
import { DATABASE, digestOf } from './backup-layout.ts';
import { checkFiles } from './verify-snapshot.ts';

export interface Pruned {
  readonly snapshots: readonly string[];
  /** Blobs that no snapshot needed any more. */
  readonly blobs: number;
}

/**
 * Removes all snapshots but the newest `keep`, and the blobs that only they named. Nothing is removed while one of those
 * that stay cannot be trusted to say what it needs.
 */
export async function pruneBackups(directory: BackupDirectory, keep: number): Promise<Pruned> {
  const snapshots = await directory.snapshots();
  const kept = snapshots.slice(-keep);
  for (const snapshot of kept) await checkFiles(snapshot);
  const superfluous = snapshots.slice(0, -keep).map(({ id }) => id);
  for (const id of superfluous) await directory.remove(id);

  const databases = kept.map(({ path }) => new SnapshotDatabase(join(path, DATABASE), { readonly: true }));
  try {
    const needed = (digest: Digest): boolean => databases.some((database) => database.names(digest));
    return { snapshots: superfluous, blobs: await sweep(directory.layout.blobs, needed) };
  } finally {
    for (const database of databases) database[Symbol.dispose]();
  }
}

async function sweep(blobs: string, needed: (digest: Digest) => boolean): Promise<number> {
  let removed = 0;
  for (const shard of await readdir(blobs)) {
    for await (const { name } of await opendir(join(blobs, shard))) {
      const digest = digestOf(name);
      if (digest === undefined || needed(digest)) continue;
      await rm(join(blobs, shard, name));
      removed += 1;
    }
  }
  return removed;
}
