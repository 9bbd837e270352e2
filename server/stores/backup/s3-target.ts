import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Bucket, S3Part } from '../s3/s3-bucket.ts';
import { S3Failure } from '../s3/s3-failure.ts';
import { BackupError } from './backup-error.ts';
import { isBackupName } from './backup-names.ts';
import {
  type BackupTarget,
  type Contents,
  type Hold,
  type LocalFile,
  OtherBytes,
  type StoredObject,
} from './backup-target.ts';
import { writeAll } from './copy-file.ts';
import { type LeaseOptions, S3Lease } from './s3-lease.ts';

/** What is not more comes in one piece; 10,000 parts are the most there can be. Bytes. */
const PART = 8 * 1024 * 1024;
const MOST_PARTS = 10_000;

interface S3TargetOptions {
  readonly bucket: S3Bucket;
  readonly address: string;
  /** Before all names: empty, or ending in a slash. */
  readonly prefix: string;
  readonly newId: () => string;
  readonly lease: Pick<LeaseOptions, 'pause' | 'leaseMs'>;
}

/**
 * Backups in a bucket: an object of the same name, behind a prefix. The storage is told the sha256 of everything it is sent. Several
 * may read at once; who writes keeps an object below `locks/` young.
 */
export class S3Target implements BackupTarget {
  readonly address: string;
  readonly #options: S3TargetOptions;

  constructor(options: S3TargetOptions) {
    this.address = options.address;
    this.#options = options;
  }

  put(name: string, path: string, meant: Contents, sent?: (bytes: number) => void): Promise<void> {
    return saying(
      meant.size <= PART ? this.#putWhole(name, path, meant, sent) : this.#putParts(name, path, meant, sent),
    );
  }

  async #putWhole(
    name: string,
    path: string,
    meant: Contents,
    sent?: (bytes: number) => void,
  ): Promise<void> {
    await using file = await open(path, 'r');
    // One more than was meant shows that there is more.
    const bytes = await readAt(file, 0, new Uint8Array(meant.size + 1));
    if (bytes.byteLength !== meant.size || digest(bytes) !== meant.sha256) throw new OtherBytes(name);
    await this.#options.bucket.put(this.#key(name), bytes);
    sent?.(bytes.byteLength);
  }

  async #putParts(
    name: string,
    path: string,
    meant: Contents,
    sent?: (bytes: number) => void,
  ): Promise<void> {
    const { bucket } = this.#options;
    await using file = await open(path, 'r');
    const key = this.#key(name);
    const upload = await bucket.begin(key);
    try {
      const partSize = Math.max(PART, Math.ceil(meant.size / MOST_PARTS));
      const hasher = new Bun.CryptoHasher('sha256');
      const parts: S3Part[] = [];
      const buffer = new Uint8Array(partSize);
      for (let at = 0; ;) {
        const bytes = await readAt(file, at, buffer);
        if (bytes.byteLength === 0) break;
        at += bytes.byteLength;
        if (at > meant.size) throw new OtherBytes(name);
        hasher.update(bytes);
        parts.push(await bucket.putPart(key, upload, parts.length + 1, bytes));
        sent?.(bytes.byteLength);
      }
      if (hasher.digest('hex') !== meant.sha256) throw new OtherBytes(name);
      await this.#complete(key, upload, parts, meant);
    } catch (error) {
      await bucket.abort(key, upload).catch(() => undefined);
      throw error;
    }
  }

  /** The answer to a request that succeeded may have been lost: the second one finds no upload, and the object. */
  async #complete(key: string, upload: string, parts: readonly S3Part[], meant: Contents): Promise<void> {
    const { bucket } = this.#options;
    try {
      await bucket.complete(key, upload, parts);
    } catch (error) {
      if (!(error instanceof S3Failure) || error.code !== 'NoSuchUpload') throw error;
      const { objects } = await bucket.page(key);
      if (!objects.some((object) => object.key === key && object.size === meant.size)) throw error;
    }
  }

  /** What was put is stored when it is answered. */
  settle(): Promise<void> {
    return Promise.resolve();
  }

  async read(
    name: string,
    each: (piece: Uint8Array) => Promise<void> | void = () => undefined,
  ): Promise<Contents> {
    const hasher = new Bun.CryptoHasher('sha256');
    let size = 0;
    try {
      await this.#options.bucket.read(this.#key(name), async (piece) => {
        hasher.update(piece);
        size += piece.byteLength;
        await each(piece);
      });
    } catch (error) {
      if (error instanceof S3Failure && error.code === 'NoSuchKey')
        throw new BackupError(`${this.address} has no ${name}`);
      throw told(error);
    }
    return { size, sha256: hasher.digest('hex') };
  }

  async has(name: string): Promise<boolean> {
    const { objects } = await saying(this.#options.bucket.page(this.#key(name)));
    return objects.some(({ key }) => key === this.#key(name));
  }

  async *list(folder = ''): AsyncGenerator<StoredObject> {
    const { bucket, prefix } = this.#options;
    try {
      for await (const { key, size } of bucket.list(`${prefix}${folder}`)) {
        const name = key.slice(prefix.length);
        if (!name.startsWith(LOCKS)) yield { name, size };
      }
    } catch (error) {
      throw told(error);
    }
  }

  remove(name: string): Promise<void> {
    return saying(this.#options.bucket.remove(this.#key(name)));
  }

  hold(purpose: 'read' | 'write'): Promise<Hold> {
    if (purpose === 'read')
      return Promise.resolve({
        check: () => Promise.resolve(),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    const { bucket, newId, lease } = this.#options;
    return saying(
      S3Lease.take({ ...lease, bucket, address: this.address, folder: this.#key(LOCKS), id: newId() }),
    );
  }

  clear(): Promise<void> {
    return saying(this.#giveUpBegun());
  }

  async #giveUpBegun(): Promise<void> {
    const { bucket, prefix } = this.#options;
    // What others put into the bucket is called something else.
    for await (const { key, upload } of bucket.begun(prefix))
      if (isBackupName(key.slice(prefix.length))) await bucket.abort(key, upload);
  }

  async localCopy(name: string): Promise<LocalFile> {
    const folder = await this.scratch();
    try {
      const path = join(folder.path, 'copy');
      await using file = await open(path, 'wx', 0o600);
      await this.read(name, (piece) => writeAll(file, piece));
      return { ...folder, path };
    } catch (error) {
      await folder[Symbol.asyncDispose]();
      throw error;
    }
  }

  async scratch(): Promise<LocalFile> {
    const path = await mkdtemp(join(tmpdir(), 'entrepot-backup-'));
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  }

  #key(name: string): string {
    return `${this.#options.prefix}${name}`;
  }
}

const LOCKS = 'locks/';

const digest = (bytes: Uint8Array): string => new Bun.CryptoHasher('sha256').update(bytes).digest('hex');

/** Fills the buffer, or as much of it as there are bytes for. */
async function readAt(
  file: FileHandle,
  position: number,
  buffer: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  let length = 0;
  while (length < buffer.byteLength) {
    const { bytesRead } = await file.read(buffer, length, buffer.byteLength - length, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** What an operator is told is one kind of error, whatever keeps the backups. */
const told = (error: unknown): unknown =>
  error instanceof S3Failure ? new BackupError(error.message) : error;

async function saying<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw told(error);
  }
}
