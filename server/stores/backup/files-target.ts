import { closeSync, openSync } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileLock } from '../blobs/file-lock.ts';
import { syncDirectory, syncParents } from '../blobs/prepare-root.ts';
import { BackupError, codeOf } from './backup-error.ts';
import {
  type BackupTarget,
  type Contents,
  type Hold,
  type LocalFile,
  OtherBytes,
  type StoredObject,
} from './backup-target.ts';
import { copyThrough, readThrough } from './copy-file.ts';

/** Not of the objects: what is on its way in, who works here, and what file systems have. */
const HIDDEN = new Set(['staging', 'lock', 'lost+found']);

/**
 * Backups in a directory of this machine: an object is a file of the same name. It is written in `staging/`, synced and moved to
 * its place, and `lock` is held by whoever works here, which ends with its process.
 */
export class FilesTarget implements BackupTarget {
  readonly address: string;
  readonly directory: string;
  readonly #newId: () => string;
  readonly #sync: (path: string) => Promise<void>;
  readonly #staging: string;
  /** Directories in which names were given or taken since they were synced. */
  readonly #changed = new Set<string>();

  constructor(directory: string, newId: () => string, sync = syncDirectory) {
    this.directory = resolve(directory);
    this.address = this.directory;
    this.#newId = newId;
    this.#sync = sync;
    this.#staging = join(this.directory, 'staging');
  }

  async put(name: string, path: string, meant: Contents, sent?: (bytes: number) => void): Promise<void> {
    const stage = await this.#stage();
    try {
      const { size, sha256 } = await copyThrough(path, stage, sent);
      if (size !== meant.size || sha256 !== meant.sha256) throw new OtherBytes(name);
      const place = join(this.directory, name);
      await mkdir(dirname(place), { recursive: true, mode: 0o700 });
      await rename(stage, place);
      this.#change(dirname(place));
    } finally {
      await rm(stage, { force: true });
    }
  }

  async settle(): Promise<void> {
    // Those that are deepest first: a name counts once its directory has one.
    const changed = [...this.#changed].sort((a, b) => b.length - a.length);
    this.#changed.clear();
    for (const path of changed)
      await this.#sync(path).catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error;
      });
  }

  async read(name: string, each?: (piece: Uint8Array) => Promise<void> | void): Promise<Contents> {
    try {
      return await readThrough(join(this.directory, name), each);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') throw new BackupError(`${this.address} has no ${name}`);
      throw error;
    }
  }

  async has(name: string): Promise<boolean> {
    try {
      return (await lstat(join(this.directory, name))).isFile();
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false;
      throw error;
    }
  }

  async *list(folder = ''): AsyncGenerator<StoredObject> {
    const entries = await readdir(join(this.directory, folder), { withFileTypes: true }).catch(
      (error: unknown) => {
        if (codeOf(error) === 'ENOENT') return [];
        throw error;
      },
    );
    const names = entries
      .filter(({ name }) => folder !== '' || !HIDDEN.has(name))
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`);
    for (const name of names.sort()) {
      if (name.endsWith('/')) yield* this.list(name);
      else yield { name, size: (await lstat(join(this.directory, name))).size };
    }
  }

  async remove(name: string): Promise<void> {
    const place = join(this.directory, name);
    await rm(place, { force: true });
    // Directories are there for their files alone.
    for (let path = dirname(place); path !== this.directory; path = dirname(path)) {
      this.#changed.add(path);
      const removed = await rmdir(path).then(
        () => true,
        () => false,
      );
      if (!removed) return;
      this.#changed.delete(path);
      this.#changed.add(dirname(path));
    }
  }

  async hold(purpose: 'read' | 'write'): Promise<Hold> {
    const path = join(this.directory, 'lock');
    if (purpose === 'write') {
      const made = await mkdir(this.directory, { recursive: true, mode: 0o700 });
      if (made !== undefined) await syncParents(this.directory, made, this.#sync);
    }
    const fd = openLock(path, purpose);
    if (fd === undefined) return { check: nothing, [Symbol.asyncDispose]: nothing };
    if (!fileLock().take(fd)) {
      closeSync(fd);
      throw new BackupError(
        `${this.address} is in use by another backup, verification or restore; wait for its end`,
      );
    }
    return {
      check: nothing,
      [Symbol.asyncDispose]: () => Promise.resolve(closeSync(fd)),
    };
  }

  async clear(): Promise<void> {
    await rm(this.#staging, { recursive: true, force: true });
    await mkdir(this.#staging, { mode: 0o700 });
  }

  localCopy(name: string): Promise<LocalFile> {
    return Promise.resolve({
      path: join(this.directory, name),
      [Symbol.asyncDispose]: nothing,
    });
  }

  async scratch(): Promise<LocalFile> {
    const path = await this.#stage();
    await mkdir(path, { mode: 0o700 });
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  }

  async #stage(): Promise<string> {
    await mkdir(this.#staging, { recursive: true, mode: 0o700 });
    return join(this.#staging, this.#newId());
  }

  #change(directory: string): void {
    this.#changed.add(directory);
    for (let path = directory; relative(this.directory, path) !== ''; path = dirname(path))
      this.#changed.add(dirname(path));
  }
}

const nothing = (): Promise<void> => Promise.resolve();

/** None where nobody can write, so nobody needs to be kept out: on a disk that only reads, to which a bucket was copied. */
function openLock(path: string, purpose: 'read' | 'write'): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  try {
    return openSync(path, 'a', 0o600);
  } catch (error) {
    if (purpose === 'read' && (codeOf(error) === 'EROFS' || codeOf(error) === 'EACCES')) return undefined;
    throw error;
  }
}
