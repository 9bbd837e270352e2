import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileLock } from '../blobs/file-lock.ts';
import { layout } from '../blobs/layout.ts';
import { prepareRoot, syncDirectory, syncParents } from '../blobs/prepare-root.ts';
import { type DataPaths, dataPaths } from '../data-directory.ts';
import { MIGRATION_NAMES } from '../metadata/database.ts';
import { SnapshotDatabase } from '../metadata/snapshot.ts';
import { BackupError } from './backup-error.ts';
import { blobName, DATABASE, INITIAL_PASSWORD, SIGNING_KEY } from './backup-names.ts';
import type { BackupTarget, Contents } from './backup-target.ts';
import { Backups, type Snapshot } from './backups.ts';
import { asynchronously, concurrently, copyThrough, writeAll } from './copy-file.ts';
import { type OpenedSnapshot, openSnapshot } from './opened-snapshot.ts';
import { type Progress, UNWATCHED } from './progress.ts';
import { damagedBlobs } from './verify-snapshot.ts';

const WORKERS = 4;

interface RestoreOptions {
  readonly from: BackupTarget;
  /** A snapshot's id; the newest when nothing is said. */
  readonly snapshot?: string;
  /** A data directory that is empty or not there yet. */
  readonly data: string;
  readonly progress: Progress;
}

/**
 * Makes a data directory out of a backup. All of it is put together and checked in a folder of its own first and moved
 * to its place at the end, so a backup that is not whole leaves nothing. A server does not start while that folder is
 * there, and the next restore clears it away.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Snapshot> {
  await using backups = await Backups.open(options.from);
  const snapshot = await backups.snapshot(options.snapshot);
  checkVersion(snapshot);
  await using opened = await openSnapshot(backups, snapshot);
  await checkBlobs(options.from, snapshot, opened);

  const target = dataPaths(options.data);
  const made = await mkdir(target.root, { recursive: true, mode: 0o700 });
  using held = await hold(target);
  try {
    const stage = dataPaths(target.restoring);
    await mkdir(stage.keys, { recursive: true, mode: 0o700 });
    await copyContents(options, snapshot, opened, stage.blobs);
    await copyFiles(snapshot, opened, stage);
    for (const path of [stage.keys, stage.root, target.root]) await syncDirectory(path);
    if (made !== undefined) await syncParents(target.root, made);
    await moveUp(stage, target);
  } catch (error) {
    await clear(target);
    await held.leave();
    if (made !== undefined) await rm(made, { recursive: true });
    throw error;
  }
  return snapshot;
}

function checkVersion({ id, manifest }: Snapshot): void {
  const later = manifest.migrations.find((name) => !MIGRATION_NAMES.includes(name));
  if (later !== undefined)
    throw new BackupError(
      `backup ${id} was made by a newer version of entrepot, whose database this one does not know (${later}); use that version or a later one`,
    );
}

/** What can be told without reading the blobs, so that most bad backups are refused at once. */
async function checkBlobs(target: BackupTarget, { id }: Snapshot, opened: OpenedSnapshot): Promise<void> {
  const wrong = await damagedBlobs(target, opened, { deep: false, progress: UNWATCHED });
  const [first] = wrong;
  if (first !== undefined) throw notWhole(id, first, wrong.length);
}

function notWhole(id: string, first: string, wrong: number): BackupError {
  const more = wrong > 1 ? `, and ${wrong - 1} more are damaged` : '';
  return new BackupError(`backup ${id} is not whole: ${first}${more}; choose another one with --snapshot`);
}

/** The directory, empty but for what an interrupted restore left, and nobody else's until this is disposed of. */
async function hold(target: DataPaths): Promise<Disposable & { leave(): Promise<void> }> {
  const names = (await readdir(target.root)).filter((name) => name !== 'lost+found' && name !== 'lock');
  const interrupted = names.includes(basename(target.restoring));
  if (names.length > 0 && !interrupted)
    throw new BackupError(
      `${target.root} is not empty; restore into a directory that is empty or not there yet`,
    );
  const fd = openSync(target.lock, 'a', 0o600);
  if (!fileLock().take(fd)) {
    closeSync(fd);
    throw new BackupError(`another program is restoring into ${target.root}; wait for its end`);
  }
  await clear(target);
  await mkdir(target.restoring, { mode: 0o700 });
  return { leave: () => rm(target.lock, { force: true }), [Symbol.dispose]: () => closeSync(fd) };
}

/** Takes away what a restore made; the folder that marks it goes last. */
async function clear(target: DataPaths): Promise<void> {
  for (const path of [target.database, target.initialPassword, target.keys, target.blobs, target.restoring])
    await rm(path, { recursive: true, force: true });
}

async function copyContents(
  { from, progress }: RestoreOptions,
  snapshot: Snapshot,
  opened: OpenedSnapshot,
  root: string,
): Promise<void> {
  const at = layout(root);
  await prepareRoot(at, randomBytes(16).toString('hex'));
  progress.total(snapshot.manifest.blobs.bytes);
  using database = new SnapshotDatabase(opened.database, { readonly: true });
  await concurrently(asynchronously(database.blobs()), WORKERS, async (blob) => {
    const copied = await fetchTo(at.object(blob), from, blobName(blob.digest), progress);
    if (copied.size !== blob.size || `sha256:${copied.sha256}` !== blob.digest)
      throw notWhole(snapshot.id, `${blob.digest} holds other bytes`, 1);
  });
  for (const shard of at.shards) await syncDirectory(shard);
}

/** Makes a file of an object's bytes, which only its owner reads, and syncs it. Answers what came. */
async function fetchTo(
  path: string,
  target: BackupTarget,
  name: string,
  progress: Progress,
): Promise<Contents> {
  await using file = await open(path, 'wx', 0o600);
  const copied = await target.read(name, async (piece) => {
    await writeAll(file, piece);
    progress.done(piece.byteLength);
  });
  await file.sync();
  return copied;
}

async function copyFiles(
  { id, manifest }: Snapshot,
  { files }: OpenedSnapshot,
  stage: DataPaths,
): Promise<void> {
  const places: Readonly<Record<string, string>> = {
    [DATABASE]: stage.database,
    [SIGNING_KEY]: stage.signingKey,
    [INITIAL_PASSWORD]: stage.initialPassword,
  };
  for (const { name, sha256 } of manifest.files) {
    const [from, to] = [files.get(name), places[name]];
    if (from === undefined || to === undefined || (await copyThrough(from, to)).sha256 !== sha256)
      throw new BackupError(`${name} of backup ${id} changed while it was restored`);
  }
}

/** The database comes last: it makes an installation of the rest. */
async function moveUp(stage: DataPaths, target: DataPaths): Promise<void> {
  const there = new Set(await readdir(stage.root));
  for (const part of ['blobs', 'keys', 'initialPassword', 'database'] as const)
    if (there.has(basename(stage[part]))) await rename(stage[part], target[part]);
  await syncDirectory(target.root);
  await rmdir(stage.root);
  await syncDirectory(target.root);
}
