import { createHash } from 'node:crypto';
import type { Digest } from '../../core/blob.ts';
import { BackupError } from './backup-error.ts';

const KIND = 'entrepot backup';
const FORMAT = 1;

export interface SnapshotFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** What a snapshot says of itself. The blobs are those that its database names. */
export interface Manifest {
  readonly kind: string;
  /** Of the backup; a program refuses those that are newer than it. */
  readonly format: number;
  /** RFC 3339. */
  readonly madeAt: string;
  readonly migrations: readonly string[];
  readonly files: readonly SnapshotFile[];
  readonly blobs: { readonly count: number; readonly bytes: number };
  /** Blobs that were damaged or lost in the installation, so the backup is without them. */
  readonly damaged: readonly Digest[];
}

export const newManifest = (rest: Omit<Manifest, 'kind' | 'format'>): Manifest => ({
  kind: KIND,
  format: FORMAT,
  ...rest,
});

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The manifest and, on the line after it, its own checksum. */
export function encodeManifest(manifest: Manifest): string {
  const text = JSON.stringify(manifest);
  return `${text}\n${checksum(text)}\n`;
}

/** Fails with a BackupError on anything that is not a whole manifest this program understands. */
export function parseManifest(encoded: string, whose: string): Manifest {
  const [text = '', sum, ...rest] = encoded.split('\n');
  if (sum !== checksum(text) || rest.join('') !== '')
    throw new BackupError(`the manifest of ${whose} is truncated or damaged: it does not match its checksum`);
  const manifest = object(text);
  if (manifest?.kind !== KIND) throw new BackupError(`${whose} is not a backup of entrepot`);
  if (manifest.format !== FORMAT)
    throw new BackupError(
      `${whose} was made by a newer version of entrepot (format ${manifest.format}); use that version or a later one`,
    );
  return manifest;
}

/** Its checksum has shown that we, or a later version of us, wrote it. */
function object(text: string): Manifest | undefined {
  const parsed: unknown = JSON.parse(text === '' ? 'null' : text);
  return typeof parsed === 'object' && parsed !== null ? (parsed as Manifest) : undefined;
}
