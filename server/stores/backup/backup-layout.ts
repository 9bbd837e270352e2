import { join, resolve } from 'node:path';
import type { Digest } from '../../core/blob.ts';

/** What the marker says. A directory whose marker says something else was made by a program we do not know. */
export const MARKER = 'entrepot backup 1\n';

const SNAPSHOT = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}Z$/;
const BLOB = /^[0-9a-f]{64}$/;

/** Names in a snapshot besides its manifest. */
export const DATABASE = 'entrepot.db';
export const SIGNING_KEY = 'signing-key';
export const INITIAL_PASSWORD = 'initial-admin-password';

/**
 * Where things are in a directory of backups.
 *
 *   <root>/
 *     layout                     the words of MARKER
 *     lock                       held by whoever works here
 *     staging/                   blobs on their way in
 *     blobs/<2 hex>/<hex>        contents by their sha256, shared by all snapshots
 *     snapshots/<time>/          one backup: database, signing key, and the manifest, which was written last
 *     snapshots/<time>.part/     one that is not finished, or on its way out
 */
export const backupLayout = (directory: string) => {
  const root = resolve(directory);
  const blobs = join(root, 'blobs');
  const snapshots = join(root, 'snapshots');
  return {
    root,
    marker: join(root, 'layout'),
    lock: join(root, 'lock'),
    staging: join(root, 'staging'),
    blobs,
    snapshots,
    shard: (digest: Digest): string => join(blobs, digest.slice(7, 9)),
    blob: (digest: Digest): string => join(blobs, digest.slice(7, 9), digest.slice(7)),
    snapshot: (id: string): string => join(snapshots, id),
    unfinished: (id: string): string => join(snapshots, `${id}.part`),
  };
};
export type BackupLayout = Readonly<ReturnType<typeof backupLayout>>;

export const isSnapshotId = (name: string): boolean => SNAPSHOT.test(name);

/** A time as the name of a snapshot; names sort as the times do. Milliseconds since the epoch. */
export const snapshotId = (at: number): string => new Date(at).toISOString().replaceAll(':', '-');

/** The time that a snapshot is named after. */
export const timeOf = (id: string): number => Date.parse(id.replace(/T(\d\d)-(\d\d)-/, 'T$1:$2:'));

/** What the name of a stored blob says, or nothing when none is called so. */
export const digestOf = (name: string): Digest | undefined =>
  BLOB.test(name) ? `sha256:${name}` : undefined;
