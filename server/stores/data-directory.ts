import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileLock } from './blobs/file-lock.ts';

/**
 * Where things are in a data directory.
 *
 *   <root>/
 *     lock                      held while a server runs; the kernel gives it back however the server dies
 *     entrepot.db               metadata (SQLite, with -wal and -shm beside it)
 *     blobs/                    contents; the blob store knows what is inside
 *     keys/signing              32 random bytes behind tokens and sessions
 *     clock                     what time it was when the server was last up
 *     initial-admin-password    until the password is changed
 *     restoring/                while a backup is being restored, and after one that was interrupted
 */
export const dataPaths = (directory: string) => {
  const root = resolve(directory);
  return {
    root,
    lock: join(root, 'lock'),
    database: join(root, 'entrepot.db'),
    blobs: join(root, 'blobs'),
    keys: join(root, 'keys'),
    signingKey: join(root, 'keys', 'signing'),
    clock: join(root, 'clock'),
    initialPassword: join(root, 'initial-admin-password'),
    restoring: join(root, 'restoring'),
  };
};
export type DataPaths = Readonly<ReturnType<typeof dataPaths>>;

/** Everything one installation keeps. */
export class DataDirectory implements Disposable {
  readonly #paths: DataPaths;
  #lock: number | undefined;

  /** Makes the directory when it is not there; nobody but its owner looks inside. */
  constructor(root: string) {
    this.#paths = dataPaths(root);
    this.#writing(() => {
      const made = mkdirSync(this.#paths.keys, { recursive: true, mode: 0o700 });
      if (made !== undefined) syncDownTo(this.#paths.keys, made);
    });
  }

  get root(): string {
    return this.#paths.root;
  }
  get database(): string {
    return this.#paths.database;
  }
  get blobs(): string {
    return this.#paths.blobs;
  }
  get clock(): string {
    return this.#paths.clock;
  }
  get initialPassword(): string {
    return this.#paths.initialPassword;
  }

  /**
   * Fails when another server has this directory. Answers the descriptor that holds the lock: a child process that
   * inherits it holds the directory too, also when this process is gone.
   */
  lock(): number {
    const fd = this.#writing(() => openSync(this.#paths.lock, 'a', 0o600));
    if (!fileLock().take(fd)) {
      closeSync(fd);
      throw new Error(`another server is using ${this.root}; stop it, or give this one its own --data`);
    }
    this.#lock = fd;
    if (lstatSync(this.#paths.restoring, { throwIfNoEntry: false }) !== undefined)
      throw new Error(`a restore into ${this.root} was interrupted; run entrepot restore again`);
    return fd;
  }

  /** Makes sure that a descriptor which a parent process handed on does hold the directory. */
  inheritLock(fd: number): void {
    const [theirs, ours] = [fstatSync(fd), lstatSync(this.#paths.lock)];
    if (theirs.dev !== ours.dev || theirs.ino !== ours.ino || !fileLock().take(fd))
      throw new Error(`the lock of ${this.root} was not handed on to this process`);
    this.#lock = fd;
  }

  /** Once the password in it is not the administrator's any more. */
  forgetInitialPassword(): void {
    rmSync(this.#paths.initialPassword, { force: true });
  }

  /** This installation's secret, made at the first start. */
  signingKey(): Uint8Array {
    const path = this.#paths.signingKey;
    // Only its absence says that there is none yet: a key that cannot be read must not be replaced.
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) this.writeSecret(path, randomBytes(32));
    const key = readFileSync(path);
    if (key.byteLength < 32)
      throw new Error(`${path} is not a key of at least 32 bytes; restore it from a backup`);
    return key;
  }

  /**
   * Readable by its owner alone, and whole and on the disk when it has its name. What an interrupted start left is
   * replaced.
   */
  writeSecret(path: string, content: Uint8Array | string): void {
    const unfinished = `${path}.new`;
    const fd = openSync(unfinished, 'w', 0o600);
    try {
      fchmodSync(fd, 0o600);
      writeSync(fd, typeof content === 'string' ? Buffer.from(content) : content);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(unfinished, path);
    syncDirectory(dirname(path));
  }

  #writing<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw new Error(`the data directory ${this.root} cannot be written; entrepot doctor says more`, {
        cause,
      });
    }
  }

  [Symbol.dispose](): void {
    if (this.#lock !== undefined) closeSync(this.#lock);
    this.#lock = undefined;
  }
}

/** The names on the way to `path`, from that of the topmost directory which was made. */
function syncDownTo(path: string, topmostMade: string): void {
  const stop = dirname(resolve(topmostMade));
  for (let at = dirname(path); ; at = dirname(at)) {
    syncDirectory(at);
    if (at === stop || at === dirname(at)) return;
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
