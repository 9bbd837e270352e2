import { randomBytes } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { lstat, mkdir, opendir, rename, utimes } from 'node:fs/promises';
import type {
  BlobInfo,
  BlobStore,
  BlobWriter,
  ByteRange,
  GrowingBlob,
  Quarantine,
  WriteOptions,
} from '../../core/blob.ts';
import { notFound } from '../../core/error.ts';
import { uploadUnknown } from './expectation.ts';
import { fileLock } from './file-lock.ts';
import { FreeSpace } from './free-space.ts';
import { GrowingFile } from './growing-file.ts';
import { isUploadId, layout, parseObject, type Layout } from './layout.ts';
import { prepareRoot } from './prepare-root.ts';
import { removeName } from './publish.ts';
import { Recent } from './recent.ts';
import { StagedUpload, type Staging, type UploadStep } from './staged-upload.ts';
import { isAbsent, storageError, storing } from './storage-error.ts';

/** Descriptors kept open for uploads that are between two requests. */
const IDLE_DESCRIPTORS = 256;
/** Checksums kept for unfinished uploads; some hundred bytes each. */
const KEPT_HASHINGS = 1024;

export interface FilesystemOptions {
  /** A directory of the store's own. Made when it is not there. */
  readonly root: string;
  /** Bytes of the file system that uploads leave free. */
  readonly reserveBytes?: number;
  /** So many unpredictable bytes. */
  readonly random?: (bytes: number) => Uint8Array;
  /** Called at each step of each upload, for tests that stop the process just there. */
  readonly onStep?: (step: UploadStep) => void;
}

/** Blobs as files of one directory, which any number of server processes on the machine may share. */
export class FilesystemBlobs implements BlobStore, Quarantine, AsyncDisposable {
  readonly #layout: Layout;
  readonly #staging: Staging;

  private constructor(staging: Staging) {
    this.#layout = staging.layout;
    this.#staging = staging;
  }

  /** Makes the directories or checks them; fails on a root that is not ours, not whole or not on one file system. */
  static async open(options: FilesystemOptions): Promise<FilesystemBlobs> {
    const { root, reserveBytes = 0, random = randomBytes, onStep = () => undefined } = options;
    const unique = (): string => Buffer.from(random(16)).toString('hex');
    const at = layout(root);
    await prepareRoot(at, unique());
    return new FilesystemBlobs({
      layout: at,
      lock: fileLock(),
      space: new FreeSpace(at.uploads, reserveBytes),
      hashings: new Recent(KEPT_HASHINGS),
      idle: new Recent(IDLE_DESCRIPTORS),
      unique,
      onStep,
    });
  }

  async has(blob: BlobInfo): Promise<boolean> {
    return this.#holds(blob);
  }

  async open(blob: BlobInfo, range?: ByteRange): Promise<Blob> {
    if (!this.#holds(blob)) throw notFound('BLOB', { digest: blob.digest });
    const file = Bun.file(this.#layout.object(blob));
    return range ? file.slice(range.start, range.end + 1) : file;
  }

  begin(options: WriteOptions = {}): Promise<BlobWriter> {
    return StagedUpload.begin(this.#staging, options);
  }

  async resume(id: string, options: WriteOptions = {}): Promise<BlobWriter> {
    if (!isUploadId(id)) throw uploadUnknown();
    return StagedUpload.resume(this.#staging, id, options);
  }

  async follow(id: string): Promise<GrowingBlob> {
    if (!isUploadId(id)) throw uploadUnknown();
    return GrowingFile.open(this.#layout.upload(id));
  }

  async delete(blob: Pick<BlobInfo, 'digest' | 'generation'>): Promise<void> {
    await storing(() => removeName(this.#layout.object(blob)));
    this.#requireRoot();
  }

  async *list(): AsyncGenerator<BlobInfo> {
    for (const shard of this.#layout.shards) {
      for await (const { name, found } of files(shard)) {
        const blob = parseObject(name);
        if (blob) yield { ...blob, size: found.size };
      }
    }
  }

  async *uploads(): AsyncGenerator<{ readonly id: string; readonly touchedAt: number }> {
    for await (const { name, found } of files(this.#layout.uploads))
      if (isUploadId(name)) yield { id: name, touchedAt: Math.floor(found.mtimeMs) };
  }

  async storedAt(blob: Pick<BlobInfo, 'digest' | 'generation'>): Promise<number | undefined> {
    const found = await lookFor(this.#layout.object(blob));
    if (!found) this.#requireRoot();
    // The modification is the last byte that arrived, the change when the object got its name.
    return found && Math.floor(found.ctimeMs);
  }

  async setAside(blob: Pick<BlobInfo, 'digest' | 'generation'>): Promise<void> {
    const { quarantine } = this.#layout;
    await storing(async () => {
      await mkdir(quarantine, { recursive: true, mode: 0o700 });
      const aside = this.#layout.aside(blob);
      try {
        await rename(this.#layout.object(blob), aside);
        const now = new Date();
        await utimes(aside, now, now);
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
    });
    this.#requireRoot();
  }

  async *asides(): AsyncGenerator<BlobInfo & { readonly since: number }> {
    if (!(await lookFor(this.#layout.quarantine))) return;
    for await (const { name, found } of files(this.#layout.quarantine)) {
      const blob = parseObject(name);
      if (blob) yield { ...blob, size: found.size, since: Math.floor(found.mtimeMs) };
    }
  }

  async dropAside(blob: Pick<BlobInfo, 'digest' | 'generation'>): Promise<void> {
    await storing(() => removeName(this.#layout.aside(blob)));
  }

  freeBytes(): Promise<number> {
    return this.#staging.space.left();
  }

  /** Lets go of every descriptor that is not in use. Unfinished uploads stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#staging.idle.takeAll().map((upload) => upload.release()));
  }

  /** Looks synchronously: a look takes 2 µs, handing it to another thread and back 40, and sending the file blocks anyway. */
  #holds(blob: BlobInfo): boolean {
    try {
      const found = lstatSync(this.#layout.object(blob), { throwIfNoEntry: false });
      if (found) return found.isFile() && found.size === blob.size;
    } catch (error) {
      throw storageError(error);
    }
    this.#requireRoot();
    return false;
  }

  /** Nothing is absent from a store that is not there itself, such as one whose volume was unmounted. */
  #requireRoot(): void {
    try {
      lstatSync(this.#layout.marker);
    } catch (error) {
      throw storageError(error);
    }
  }
}

async function lookFor(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw storageError(error);
  }
}

/** The regular files of a directory, as they are met. One that goes away meanwhile is left out. */
async function* files(directory: string) {
  try {
    for await (const { name } of await opendir(directory)) {
      const found = await lstat(`${directory}/${name}`).catch((error: unknown) => {
        if (!isAbsent(error)) throw error;
      });
      if (found?.isFile()) yield { name, found };
    }
  } catch (error) {
    throw storageError(error);
  }
}
