import { copyFile, lstat, rm, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { BlobInfo, Digest } from '../../core/blob.ts';
import { type Layout, layout } from '../blobs/layout.ts';
import { dataPaths } from '../data-directory.ts';
import { SnapshotDatabase, WatchedDatabase } from '../metadata/snapshot.ts';
import { BackupError, codeOf } from './backup-error.ts';
import {
  blobName,
  DATABASE,
  INITIAL_PASSWORD,
  inSnapshot,
  MANIFEST,
  SIGNING_KEY,
  snapshotId,
  timeOf,
} from './backup-names.ts';
import { type BackupTarget, OtherBytes } from './backup-target.ts';
import { Backups } from './backups.ts';
import { concurrently, readThrough } from './copy-file.ts';
import { encodeManifest, type Manifest, newManifest, type SnapshotFile } from './manifest.ts';
import type { Progress } from './progress.ts';
import { withStored } from './stored-blobs.ts';

/** Copies under way at once: enough that the disk is not idle while one of them is synced. */
const WORKERS = 4;
/** Each attempt copies only what is new since the one before, so the last ones take moments. */
const ATTEMPTS = 10;

/** How far a backup has come: tests stop the process at these points. */
export const BACKUP_STEPS = ['snapshot taken', 'blob stored', 'blobs stored', 'files stored'] as const;
export type BackupStep = (typeof BACKUP_STEPS)[number];

interface BackupOptions {
  /** The installation's data directory; its server may run. */
  readonly data: string;
  readonly to: BackupTarget;
  readonly now: () => number;
  readonly progress: Progress;
  readonly onStep?: (step: BackupStep) => void;
}

export interface Taken {
  readonly id: string;
  readonly manifest: Manifest;
  /** What this run had to copy; the rest was there. */
  readonly copied: { readonly count: number; readonly bytes: number };
}

/**
 * Makes one more backup, while writes go on: a snapshot of the database, then every blob that it names. The collector
 * may delete some of those meanwhile, for which another snapshot is taken, until one is found whole.
 */
export async function takeBackup(options: BackupOptions): Promise<Taken> {
  const paths = dataPaths(options.data);
  if (!(await isThere(paths.database)))
    throw new BackupError(`${paths.root} holds no database; say with --data where the server keeps its data`);
  if (options.to.directory !== undefined && isWithin(paths.root, options.to.directory))
    throw new BackupError(`${options.to.address} is inside the data directory, and would be lost with it`);

  await using backups = await Backups.openToWrite(options.to);
  using source = new WatchedDatabase(paths.database);
  const run = new BackupRun(options, backups, source);
  return await run.take();
}

class BackupRun {
  readonly #options: BackupOptions;
  readonly #backups: Backups;
  readonly #source: WatchedDatabase;
  readonly #store: Layout;
  #count = 0;
  #bytes = 0;

  constructor(options: BackupOptions, backups: Backups, source: WatchedDatabase) {
    this.#options = options;
    this.#backups = backups;
    this.#source = source;
    this.#store = layout(dataPaths(options.data).blobs);
  }

  async take(): Promise<Taken> {
    const { target } = this.#backups;
    const id = await this.#newId();
    await using scratch = await target.scratch();
    const { blobs, damaged, migrations } = await this.#wholeSnapshot(join(scratch.path, DATABASE));
    await target.settle();
    this.#step('blobs stored');

    const manifest = newManifest({
      madeAt: new Date(this.#options.now()).toISOString(),
      migrations,
      files: await this.#files(scratch.path, id),
      blobs,
      damaged,
    });
    await target.settle();
    this.#step('files stored');
    await this.#backups.checkHold();
    await this.#backups.write(inSnapshot(id, MANIFEST), encodeManifest(manifest));
    return { id, manifest, copied: { count: this.#count, bytes: this.#bytes } };
  }

  #step(step: BackupStep): void {
    this.#options.onStep?.(step);
  }

  /** Later than every other, also when the clock was set back. */
  async #newId(): Promise<string> {
    const newest = (await this.#backups.ids()).at(-1);
    const now = this.#options.now();
    return snapshotId(newest === undefined ? now : Math.max(now, timeOf(newest) + 1));
  }

  async #wholeSnapshot(path: string) {
    for (let attempt = 1; ; attempt += 1) {
      await rm(path, { force: true });
      await writeFile(path, '', { mode: 0o600 });
      this.#source.snapshot(path);
      if (attempt === 1) this.#step('snapshot taken');
      using snapshot = new SnapshotDatabase(path, { readonly: false });
      const damaged = await this.#copyAll(snapshot);
      if (damaged !== undefined) {
        if (damaged.length > 0) snapshot.markCorrupt(damaged);
        return { damaged, blobs: sumOf(snapshot.blobs()), migrations: snapshot.migrations() };
      }
      if (attempt === ATTEMPTS)
        throw new BackupError(
          'the collector deletes contents faster than they can be copied; run the backup again, which goes on where this one stopped',
        );
    }
  }

  /** Stores what the snapshot names. The blobs that are damaged, or nothing when some were deleted since. */
  async #copyAll(snapshot: SnapshotDatabase): Promise<readonly Digest[] | undefined> {
    const { target } = this.#backups;
    let total = 0;
    for await (const { blob, stored } of withStored(snapshot.blobs(), target))
      if (stored !== blob.size) total += blob.size;
    this.#options.progress.total(total);
    const damaged: Digest[] = [];
    let gone = false;
    await concurrently(withStored(snapshot.blobs(), target), WORKERS, async ({ blob, stored }) => {
      if (stored === blob.size) return;
      const outcome = await this.#copy(blob);
      if (outcome === 'damaged') damaged.push(blob.digest);
      if (outcome === 'gone') gone = true;
    });
    return gone ? undefined : damaged.sort();
  }

  /** A push may have replaced the generation with another of the same bytes. */
  async #copy(blob: BlobInfo): Promise<'stored' | 'damaged' | 'gone'> {
    const tried = new Set<string>();
    for (let generation: string | undefined = blob.generation; generation !== undefined;) {
      if (tried.has(generation)) return 'damaged';
      tried.add(generation);
      if (await this.#copyGeneration({ ...blob, generation })) return 'stored';
      generation = this.#source.generation(blob.digest);
    }
    return 'gone';
  }

  /** False when there is no such object, or it holds other bytes. */
  async #copyGeneration(blob: BlobInfo): Promise<boolean> {
    const { target } = this.#backups;
    const meant = { size: blob.size, sha256: blob.digest.slice('sha256:'.length) };
    try {
      await target.put(blobName(blob.digest), this.#store.object(blob), meant, (bytes) =>
        this.#options.progress.done(bytes),
      );
      this.#count += 1;
      this.#bytes += blob.size;
      this.#step('blob stored');
      return true;
    } catch (error) {
      if (error instanceof OtherBytes) return false;
      if (codeOf(error) === 'ENOENT' && (await this.#lacks(blob))) return false;
      throw new BackupError(`${blob.digest} could not be copied`, { cause: error });
    }
  }

  /** Nothing is absent from a store that is not there itself, such as one whose volume was unmounted. */
  async #lacks(blob: BlobInfo): Promise<boolean> {
    return !(await isThere(this.#store.object(blob))) && (await isThere(this.#store.marker));
  }

  async #files(scratch: string, id: string): Promise<readonly SnapshotFile[]> {
    const paths = dataPaths(this.#options.data);
    await copyFile(paths.signingKey, join(scratch, SIGNING_KEY));
    const names = [DATABASE, SIGNING_KEY];
    try {
      await copyFile(paths.initialPassword, join(scratch, INITIAL_PASSWORD));
      names.push(INITIAL_PASSWORD);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    const files: SnapshotFile[] = [];
    for (const name of names) {
      const held = await readThrough(join(scratch, name));
      await this.#backups.target.put(inSnapshot(id, name), join(scratch, name), held);
      files.push({ name, ...held });
    }
    return files;
  }
}

function sumOf(blobs: Iterable<BlobInfo>): { readonly count: number; readonly bytes: number } {
  let count = 0;
  let bytes = 0;
  for (const { size } of blobs) {
    count += 1;
    bytes += size;
  }
  return { count, bytes };
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
}

const isThere = async (path: string): Promise<boolean> => (await sizeOf(path)) !== undefined;

/** Nothing when it is not there. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await lstat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
