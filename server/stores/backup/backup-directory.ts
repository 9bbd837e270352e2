import { closeSync, openSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileLock } from '../blobs/file-lock.ts';
import { syncDirectory } from '../blobs/prepare-root.ts';
import { BackupError, codeOf } from './backup-error.ts';
import { type BackupLayout, backupLayout, isSnapshotId, MARKER } from './backup-layout.ts';
import { type Manifest, readManifest } from './manifest.ts';

export interface Snapshot {
  readonly id: string;
  readonly path: string;
  readonly manifest: Manifest;
}

/** A directory of backups, held by whoever works in it. */
export class BackupDirectory implements Disposable {
  readonly layout: BackupLayout;
  readonly #lock: number;

  private constructor(at: BackupLayout) {
    this.layout = at;
    this.#lock = openSync(at.lock, 'r');
    if (fileLock().take(this.#lock)) return;
    closeSync(this.#lock);
    throw new BackupError(
      `${at.root} is in use by another backup, verification or restore; wait for its end`,
    );
  }

  /** Fails when the directory is not one of backups, or somebody works in it. */
  static async open(directory: string): Promise<BackupDirectory> {
    const at = backupLayout(directory);
    const marker = await readFile(at.marker, 'utf8').catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR')
        throw new BackupError(`${at.root} is not a directory of backups that entrepot made`);
      throw error;
    });
    if (marker !== MARKER)
      throw new BackupError(
        `${at.root} is laid out as ${JSON.stringify(marker.slice(0, 80).trim())}, which this version does not know; use the version of entrepot that made it, or a later one`,
      );
    return new BackupDirectory(at);
  }

  /** Makes the directory first when it is absent or empty, and clears away what interrupted backups left. */
  static async openToWrite(directory: string): Promise<BackupDirectory> {
    const at = backupLayout(directory);
    await mkdir(at.root, { recursive: true, mode: 0o700 });
    const names = await readdir(at.root);
    if (!names.includes('layout')) await make(at, names);
    const opened = await BackupDirectory.open(directory);
    await opened.#clear();
    return opened;
  }

  /** Whole snapshots, oldest first. One whose manifest is damaged makes this fail. */
  async snapshots(): Promise<readonly Snapshot[]> {
    const found: Snapshot[] = [];
    for (const id of await this.ids()) {
      const path = this.layout.snapshot(id);
      found.push({ id, path, manifest: await readManifest(path) });
    }
    return found;
  }

  async ids(): Promise<readonly string[]> {
    return (await readdir(this.layout.snapshots)).filter(isSnapshotId).sort();
  }

  /** The one that is called so, or the newest. */
  async snapshot(id: string | undefined): Promise<Snapshot> {
    const ids = await this.ids();
    const wanted = id ?? ids.at(-1);
    if (wanted === undefined) throw new BackupError(`${this.layout.root} holds no whole backup`);
    if (!ids.includes(wanted))
      throw new BackupError(
        `${this.layout.root} has no backup ${wanted}; entrepot backup list ${this.layout.root} shows those it has`,
      );
    const path = this.layout.snapshot(wanted);
    return { id: wanted, path, manifest: await readManifest(path) };
  }

  /** From now on it is not a backup any more, whatever happens before all of it is gone. */
  async remove(id: string): Promise<void> {
    await rename(this.layout.snapshot(id), this.layout.unfinished(id));
    await syncDirectory(this.layout.snapshots);
    await rm(this.layout.unfinished(id), { recursive: true });
  }

  async #clear(): Promise<void> {
    for (const name of await readdir(this.layout.snapshots))
      if (name.endsWith('.part')) await rm(join(this.layout.snapshots, name), { recursive: true });
    for (const name of await readdir(this.layout.staging)) await rm(join(this.layout.staging, name));
  }

  [Symbol.dispose](): void {
    closeSync(this.#lock);
  }
}

const OURS = new Set(['lock', 'staging', 'blobs', 'snapshots', 'layout.new', 'lost+found']);

/** The marker comes last: who sees it may rely on everything else. */
async function make(at: BackupLayout, names: readonly string[]): Promise<void> {
  if (names.some((name) => !OURS.has(name)))
    throw new BackupError(`${at.root} holds something else; give a directory that is empty or not there yet`);
  for (const path of [at.staging, at.blobs, at.snapshots])
    await mkdir(path, { recursive: true, mode: 0o700 });
  await writeFile(at.lock, '', { mode: 0o600 });
  await writeFile(`${at.marker}.new`, MARKER, { mode: 0o600, flush: true });
  await rename(`${at.marker}.new`, at.marker);
  await syncDirectory(at.root);
}
