import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileLock } from './blobs/file-lock.ts';

/**
 * Everything one installation keeps.
 *
 *   <root>/
 *     lock                      held while a server runs; the kernel gives it back however the server dies
 *     entrepot.db               metadata (SQLite, with -wal and -shm beside it)
 *     blobs/                    contents; the blob store knows what is inside
 *     keys/signing              32 random bytes behind tokens and sessions
 *     initial-admin-password    until the password is changed
 */
export class DataDirectory implements Disposable {
  readonly root: string;
  #lock: number | undefined;

  /** Makes the directory when it is not there; nobody but its owner looks inside. */
  constructor(root: string) {
    this.root = resolve(root);
    mkdirSync(this.root, { recursive: true, mode: 0o700 });
    mkdirSync(join(this.root, 'keys'), { recursive: true, mode: 0o700 });
  }

  get database(): string {
    return join(this.root, 'entrepot.db');
  }
  get blobs(): string {
    return join(this.root, 'blobs');
  }
  get initialPassword(): string {
    return join(this.root, 'initial-admin-password');
  }

  /** Fails when another server has this directory. */
  lock(): void {
    const path = join(this.root, 'lock');
    const fd = openSync(path, 'a', 0o600);
    if (!fileLock().take(fd)) {
      closeSync(fd);
      throw new Error(`another server is using ${this.root}; stop it, or give this one its own --data`);
    }
    this.#lock = fd;
  }

  /** This installation's secret, made at the first start. */
  signingKey(): Uint8Array {
    const path = join(this.root, 'keys', 'signing');
    if (!existsSync(path)) this.writeSecret(path, randomBytes(32));
    const key = readFileSync(path);
    if (key.byteLength < 32) throw new Error(`${path} is not a key of at least 32 bytes; restore it from a backup`);
    return key;
  }

  /** Readable by its owner alone, and on the disk when this returns. */
  writeSecret(path: string, content: Uint8Array | string): void {
    const fd = openSync(path, 'wx', 0o600);
    try {
      writeSync(fd, typeof content === 'string' ? Buffer.from(content) : content);
      chmodSync(path, 0o600);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    syncDirectory(join(path, '..'));
  }

  [Symbol.dispose](): void {
    if (this.#lock !== undefined) closeSync(this.#lock);
    this.#lock = undefined;
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
