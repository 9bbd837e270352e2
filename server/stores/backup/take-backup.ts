import { copyFile, lstat, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { BlobInfo, Digest } from '../../core/blob.ts';
import { type Layout, layout } from '../blobs/layout.ts';
import { syncDirectory } from '../blobs/prepare-root.ts';
import { dataPaths } from '../data-directory.ts';
import { SnapshotDatabase, WatchedDatabase } from '../metadata/snapshot.ts';
import { BackupDirectory } from './backup-directory.ts';
import { BackupError, codeOf } from './backup-error.ts';
import { DATABASE, INITIAL_PASSWORD, SIGNING_KEY, snapshotId, timeOf } from './backup-layout.ts';
import { concurrently, copyThrough, readThrough } from './copy-file.ts';
import { encodeManifest, type Manifest, manifestPath, newManifest, type SnapshotFile } from './manifest.ts';
import type { Progress } from './progress.ts';

/** Copies under way at once: enough that the disk is not idle while one of them is synced. */
const WORKERS = 4;
/** Each attempt copies only what is new since the one before, so the last ones take moments. */
const ATTEMPTS = 10;

/** How far a backup has come: tests stop the process at these points. */
export const BACKUP_STEPS = [
  'snapshot taken',
  'blob stored',
  'blobs stored',
  'files stored',
  'manifest written',
] as const;
export type BackupStep = (typeof BACKUP_STEPS)[number];

interface BackupOptions {
  /** The installation's data directory; its server may run. */
  readonly data: string;
  readonly to: string;
  readonly now: () => number;
  readonly newId: () => string;
  readonly progress: Progress;
  readonly onStep?: (step: BackupStep) => void;
}

export interface Taken {
  readonly id: string;
  readonly path: string;
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
  if (isWithin(paths.root, options.to))
    throw new BackupError(`${options.to} is inside the data directory, and would be lost with it`);

  using directory = await BackupDirectory.openToWrite(options.to);
  using source = new WatchedDatabase(paths.database);
  const run = new BackupRun(options, directory, source);
  return await run.take();
}

class BackupRun {
  readonly #options: BackupOptions;
  readonly #directory: BackupDirectory;
  readonly #source: WatchedDatabase;
  readonly #store: Layout;
  readonly #changedShards = new Set<string>();
  #count = 0;
  #bytes = 0;

  constructor(options: BackupOptions, directory: BackupDirectory, source: WatchedDatabase) {
    this.#options = options;
    this.#directory = directory;
    this.#source = source;
    this.#store = layout(dataPaths(options.data).blobs);
  }

  async take(): Promise<Taken> {
    const { layout: at } = this.#directory;
    const id = await this.#newId();
    const part = at.unfinished(id);
    await mkdir(part, { mode: 0o700 });
    const { blobs, damaged, migrations } = await this.#wholeSnapshot(join(part, DATABASE));
    for (const shard of this.#changedShards) await syncDirectory(shard);
    await syncDirectory(at.blobs);
    this.#step('blobs stored');

    const manifest = newManifest({
      madeAt: new Date(this.#options.now()).toISOString(),
      migrations,
      files: await this.#files(part),
      blobs,
      damaged,
    });
    this.#step('files stored');
    await writeFile(manifestPath(part), encodeManifest(manifest), { mode: 0o600, flush: true });
    await syncDirectory(part);
    this.#step('manifest written');
    await rename(part, at.snapshot(id));
    await syncDirectory(at.snapshots);
    return { id, path: at.snapshot(id), manifest, copied: { count: this.#count, bytes: this.#bytes } };
  }

  #step(step: BackupStep): void {
    this.#options.onStep?.(step);
  }

  /** Later than every other, also when the clock was set back. */
  async #newId(): Promise<string> {
    const newest = (await this.#directory.ids()).at(-1);
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
    let total = 0;
    for (const blob of snapshot.blobs()) if (!(await this.#holds(blob))) total += blob.size;
    this.#options.progress.total(total);
    const damaged: Digest[] = [];
    let gone = false;
    await concurrently(snapshot.blobs(), WORKERS, async (blob) => {
      if (await this.#holds(blob)) return;
      const outcome = await this.#copy(blob);
      if (outcome === 'damaged') damaged.push(blob.digest);
      if (outcome === 'gone') gone = true;
    });
    return gone ? undefined : damaged.sort();
  }

  /** Whether the bytes are in the backup. They were synced before they got their name. */
  async #holds({ digest, size }: BlobInfo): Promise<boolean> {
    return (await sizeOf(this.#directory.layout.blob(digest))) === size;
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
    const { layout: at } = this.#directory;
    const stage = join(at.staging, this.#options.newId());
    try {
      const copied = await copyThrough(this.#store.object(blob), stage, (bytes) =>
        this.#options.progress.done(bytes),
      );
      if (copied.size !== blob.size || `sha256:${copied.sha256}` !== blob.digest) return false;
      const shard = at.shard(blob.digest);
      await mkdir(shard, { recursive: true, mode: 0o700 });
      await rename(stage, at.blob(blob.digest));
      this.#changedShards.add(shard);
      this.#count += 1;
      this.#bytes += blob.size;
      this.#step('blob stored');
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOENT' && (await this.#lacks(blob))) return false;
      throw new BackupError(`${blob.digest} could not be copied`, { cause: error });
    } finally {
      await rm(stage, { force: true });
    }
  }

  /** Nothing is absent from a store that is not there itself, such as one whose volume was unmounted. */
  async #lacks(blob: BlobInfo): Promise<boolean> {
    return !(await isThere(this.#store.object(blob))) && (await isThere(this.#store.marker));
  }

  async #files(part: string): Promise<readonly SnapshotFile[]> {
    const paths = dataPaths(this.#options.data);
    await copyFile(paths.signingKey, join(part, SIGNING_KEY));
    const names = [DATABASE, SIGNING_KEY];
    try {
      await copyFile(paths.initialPassword, join(part, INITIAL_PASSWORD));
      names.push(INITIAL_PASSWORD);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    const files: SnapshotFile[] = [];
    for (const name of names) {
      await using file = await open(join(part, name), 'r+');
      await file.chmod(0o600);
      await file.sync();
      files.push({ name, ...(await readThrough(join(part, name))) });
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
