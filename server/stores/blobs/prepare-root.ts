import { closeSync, fsync, openSync } from 'node:fs';
import { link, lstat, mkdir, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { RegistryError } from '../../core/error.ts';
import { LAYOUT, type Layout } from './layout.ts';
import { isAbsent, storing } from './storage-error.ts';

const PRIVATE_DIRECTORY = 0o700;
const PRIVATE_FILE = 0o600;
const BATCH = 32;
/** What may lie in a root whose making was cut short, or at the top of an empty volume. */
const UNFINISHED = /^(uploads|sha256|quarantine|layout\.[0-9a-f]+|lost\+found)$/;

const syncing = promisify(fsync);

const refuse = (message: string, cause?: unknown): RegistryError =>
  new RegistryError('FAILED_PRECONDITION', 'STORAGE_LAYOUT', message, { cause });

/** fsync(2) of a directory: names given or taken in it survive a power failure. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = openSync(path, 'r');
  try {
    await syncing(directory);
  } finally {
    closeSync(directory);
  }
}

/**
 * Makes the store's directories where there are none, durably, and refuses a root that is not ours or not whole.
 * Several processes may do this at once. `nonce` names a scratch file and must differ between them.
 */
export async function prepareRoot(at: Layout, nonce: string): Promise<void> {
  await storing(async () => {
    const made = await mkdir(at.root, { recursive: true, mode: PRIVATE_DIRECTORY });
    if (made !== undefined) await syncParents(at.root, made);
    const marker = await readFile(at.marker, 'utf8').catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });
    if (marker === undefined) await make(at, nonce);
    else if (marker !== LAYOUT)
      throw refuse(`unknown layout of the blob store: ${JSON.stringify(marker.slice(0, 80))}`);
    await checkDirectories(at);
  });
}

/** Makes the names of directories last that were made for `root`, `topmostMade` and all below it. */
export async function syncParents(root: string, topmostMade: string, sync = syncDirectory): Promise<void> {
  const stop = dirname(resolve(topmostMade));
  for (let path = dirname(resolve(root)); ; path = dirname(path)) {
    await sync(path);
    if (path === stop || path === dirname(path)) return;
  }
}

async function make(at: Layout, nonce: string): Promise<void> {
  const strangers = (await readdir(at.root)).filter((name) => !UNFINISHED.test(name));
  // Another process may have finished between our look for the marker and now.
  if (strangers.some((name) => name !== 'layout'))
    throw refuse('the directory for blobs holds something else');
  await Promise.all([at.uploads, at.objects].map(makeDirectory));
  await Promise.all(at.shards.map(makeDirectory));
  await inBatches([at.uploads, ...at.shards], syncDirectory);
  for (const path of [at.objects, at.root]) await syncDirectory(path);
  // The marker comes last and whole: who sees it may rely on everything else.
  const scratch = `${at.marker}.${nonce}`;
  await writeFile(scratch, LAYOUT, { flag: 'wx', mode: PRIVATE_FILE, flush: true });
  await unlessThere(() => link(scratch, at.marker));
  await unlink(scratch);
  await syncDirectory(at.root);
}

/** Some at a time: each holds a descriptor, and there may be fewer of those than directories. */
async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += BATCH) await Promise.all(items.slice(at, at + BATCH).map(work));
}

const makeDirectory = (path: string): Promise<void> =>
  unlessThere(async () => {
    await mkdir(path, { mode: PRIVATE_DIRECTORY });
  });

async function unlessThere(create: () => Promise<void>): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** A name can only be moved within one file system, so the stages and all shards must share it. */
async function checkDirectories(at: Layout): Promise<void> {
  const paths = [at.uploads, at.objects, ...at.shards];
  const found = await Promise.all(
    paths.map((path) =>
      lstat(path).catch((error: unknown) => {
        throw isAbsent(error) ? refuse(`the blob store has lost a directory: ${path}`, error) : error;
      }),
    ),
  );
  const device = found[0]?.dev;
  const wrong = paths.find((_, n) => found[n]?.isDirectory() !== true || found[n].dev !== device);
  if (wrong !== undefined) throw refuse(`not a directory on the file system of the uploads: ${wrong}`);
}
