import type { Digest } from '../../core/blob.ts';

/**
 * What is called how among backups, wherever they are kept.
 *
 *   layout                     the words of MARKER
 *   blobs/<2 hex>/<hex>        contents by their sha256, shared by all snapshots
 *   snapshots/<time>/          one backup: database, signing key, and the manifest, which was written last
 *
 * A snapshot without a manifest is not finished, or on its way out.
 */
export const LAYOUT = 'layout';
/** What it says. Where it says something else, a program made it that we do not know. */
export const MARKER = 'entrepot backup 1\n';

export const BLOBS = 'blobs/';
export const SNAPSHOTS = 'snapshots/';

/** Names in a snapshot. */
export const MANIFEST = 'manifest.json';
export const DATABASE = 'entrepot.db';
export const SIGNING_KEY = 'signing-key';
export const INITIAL_PASSWORD = 'initial-admin-password';

const SNAPSHOT = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}Z$/;
const BLOB = /^blobs\/[0-9a-f]{2}\/([0-9a-f]{64})$/;

export const isSnapshotId = (name: string): boolean => SNAPSHOT.test(name);

/** A time as the name of a snapshot; names sort as the times do. Milliseconds since the epoch. */
export const snapshotId = (at: number): string => new Date(at).toISOString().replaceAll(':', '-');

/** The time that a snapshot is named after. */
export const timeOf = (id: string): number => Date.parse(id.replace(/T(\d\d)-(\d\d)-/, 'T$1:$2:'));

/** Whether an object among backups may be called so: one that is there, or was being stored. */
export function isBackupName(name: string): boolean {
  const [folder, id = '', file] = name.split('/');
  const isOfSnapshot = `${folder}/` === SNAPSHOTS && file !== undefined && isSnapshotId(id);
  return name === LAYOUT || digestOf(name) !== undefined || isOfSnapshot;
}

export const inSnapshot = (id: string, name: string): string => `${SNAPSHOTS}${id}/${name}`;

export const blobName = (digest: Digest): string => `${BLOBS}${digest.slice(7, 9)}/${digest.slice(7)}`;

/** What the name of a stored blob says, or nothing when none is called so. */
export const digestOf = (name: string): Digest | undefined => {
  const [, hex] = BLOB.exec(name) ?? [];
  return hex === undefined ? undefined : `sha256:${hex}`;
};
