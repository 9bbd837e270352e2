import { lstatSync } from 'node:fs';
import type { BlobWriter, ByteStream, CommittedBlob, Expectation, WriteOptions } from '../../core/blob.ts';
import { Hashing } from '../../lib/hashing.ts';
import {
  algorithmsOf,
  checkDigests,
  checkPlace,
  checkSize,
  uploadBusy,
  uploadUnknown,
} from './expectation.ts';
import type { FileLock } from './file-lock.ts';
import type { FreeSpace } from './free-space.ts';
import type { Layout } from './layout.ts';
import { Pieces } from './pieces.ts';
import { publish, removeName, type PublishStep, unstage } from './publish.ts';
import type { Recent } from './recent.ts';
import { catchUp, takeIn } from './stage-bytes.ts';
import { StageFile } from './stage-file.ts';
import { isAbsent, storageError, storing } from './storage-error.ts';

/** What all uploads of one store share. */
export interface Staging {
  readonly layout: Layout;
  readonly lock: FileLock;
  readonly space: FreeSpace;
  /** Checksums of what was written so far, by upload id. A lost one is made again from the file. */
  readonly hashings: Recent<string, Hashing>;
  /** Uploads with an open descriptor that nobody is using right now. */
  readonly idle: Recent<StagedUpload, StagedUpload>;
  /** 32 hex digits, never the same twice. */
  readonly unique: () => string;
  readonly onStep: (step: UploadStep) => void;
}

/**
 * How far a request that only adds to an upload has come. `appended`: every byte that came is in the file;
 * `released`: and on the disk.
 */
export const APPEND_STEPS = ['appended', 'released'] as const;
export type UploadStep = PublishStep | (typeof APPEND_STEPS)[number];

/**
 * Bytes on their way into the store, as one file among the uploads that only ever grows. The file is the truth: its
 * length is the offset, its absence means the upload is over. What is kept in memory besides, a descriptor and the
 * checksums so far, saves work and may be dropped at any time.
 *
 * Whoever appends or commits holds the file's lock from before the first look at it until the end, so two requests,
 * in this process or in another that shares the directory, never write at once. That is why a commit closes the file
 * last, after it has its name: closing gives the lock back, and sync has already told of every failed write.
 */
export class StagedUpload implements BlobWriter {
  readonly id: string;
  readonly #in: Staging;
  readonly #options: WriteOptions;
  readonly #path: string;
  #offset = 0;
  #file: StageFile | undefined;
  #unsynced = false;
  #busy = false;
  #over = false;

  private constructor(staging: Staging, id: string, options: WriteOptions) {
    this.id = id;
    this.#in = staging;
    this.#options = options;
    this.#path = staging.layout.upload(id);
  }

  static async begin(staging: Staging, options: WriteOptions): Promise<StagedUpload> {
    const upload = new StagedUpload(staging, staging.unique(), options);
    upload.#file = await storing(async () => StageFile.create(upload.#path));
    staging.hashings.put(upload.id, new Hashing(options.algorithms));
    await upload.#rest();
    return upload;
  }

  static async resume(staging: Staging, id: string, options: WriteOptions): Promise<StagedUpload> {
    const upload = new StagedUpload(staging, id, options);
    upload.#offset = upload.#size();
    return upload;
  }

  get offset(): number {
    return this.#offset;
  }

  append(body: ByteStream, from?: number, grew?: (offset: number) => void): Promise<number> {
    return this.#alone(async (file, size) => {
      this.#offset = size;
      checkPlace(from, size);
      const incoming = new Pieces(body, { prompt: grew !== undefined });
      await this.#orNothing(async () => {
        const hashing = await this.#hashing(file, size);
        const { limit } = this.#options;
        const stopped = (): boolean => this.#over;
        this.#unsynced = true;
        const allowance = this.#in.space.allowance();
        await takeIn(incoming, { file, hashing, allowance, limit, stopped, grew });
        this.#offset = hashing.length;
        this.#in.hashings.put(this.id, hashing);
        this.#in.onStep('appended');
      });
      incoming.rethrow();
      return this.#offset;
    });
  }

  commit(expected: Expectation = {}): Promise<CommittedBlob> {
    return this.#alone((file, size) =>
      this.#orNothing(async () => {
        this.#in.onStep('staged');
        checkSize(expected, size);
        const hashing = await this.#hashing(file, size, expected);
        const { digest, checksums } = hashing.finish();
        checkDigests(expected, checksums);
        this.#in.onStep('hashed');
        const as = { digest, generation: this.#in.unique() };
        await publish({ layout: this.#in.layout, id: this.id, file, as, onStep: this.#in.onStep });
        this.#over = true;
        return { ...as, size, checksums };
      }),
    );
  }

  async abort(): Promise<void> {
    this.#over = true;
    this.#in.hashings.take(this.id);
    if (!this.#busy) this.#close();
    await storing(() => removeName(this.#path));
  }

  async release(): Promise<void> {
    if (this.#busy) throw uploadBusy();
    const file = this.#file;
    const sync = this.#unsynced;
    this.#file = undefined;
    this.#unsynced = false;
    this.#in.idle.take(this);
    // Once no descriptor is left the kernel may forget that a write had failed, so this is the time to ask.
    try {
      if (sync) await file?.sync();
      this.#in.onStep('released');
    } catch (error) {
      await this.#discard();
      throw storageError(error);
    } finally {
      closed(file);
    }
  }

  /** The checksums of the whole file as it is now, from memory where they are there and else by reading it. */
  async #hashing(file: StageFile, size: number, expected: Expectation = {}): Promise<Hashing> {
    const wanted = [...(this.#options.algorithms ?? []), ...algorithmsOf(expected)];
    const kept = this.#in.hashings.take(this.id);
    const usable = kept !== undefined && kept.length <= size && kept.covers(wanted);
    const hashing = usable ? kept : new Hashing(wanted);
    await catchUp(hashing, file, size);
    return hashing;
  }

  /** Runs `work` under the file's lock, with the descriptor and the true size. */
  async #alone<T>(work: (file: StageFile, size: number) => Promise<T>): Promise<T> {
    if (this.#busy) throw uploadBusy();
    this.#busy = true;
    this.#in.idle.take(this);
    try {
      const file = (this.#file ??= this.#open());
      if (!this.#in.lock.take(file.fd)) throw uploadBusy();
      try {
        return await work(file, this.#size());
      } finally {
        this.#in.lock.give(file.fd);
      }
    } finally {
      this.#busy = false;
      await this.#rest();
    }
  }

  #open(): StageFile {
    try {
      return StageFile.open(this.#path);
    } catch (error) {
      throw isAbsent(error) ? uploadUnknown() : storageError(error);
    }
  }

  /** Bytes in the stage. A stage with a second name was published by a process that died before it could tell. */
  #size(): number {
    try {
      const found = lstatSync(this.#path);
      if (found.nlink === 1 && found.isFile()) return found.size;
      unstage(this.#path);
    } catch (error) {
      if (!isAbsent(error)) throw storageError(error);
    }
    this.#over = true;
    throw uploadUnknown();
  }

  async #orNothing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.#discard();
      throw storageError(error);
    }
  }

  /** For when something else has gone wrong already: that is what the caller must hear. */
  async #discard(): Promise<void> {
    this.#over = true;
    this.#in.hashings.take(this.id);
    await removeName(this.#path).catch(() => undefined);
  }

  async #rest(): Promise<void> {
    if (this.#over) {
      this.#close();
      return;
    }
    if (!this.#file) return;
    // An upload pushed out that cannot be released is gone; its owner learns it from the next resume.
    await this.#in.idle
      .put(this, this)
      ?.release()
      .catch(() => undefined);
  }

  #close(): void {
    const file = this.#file;
    this.#file = undefined;
    this.#in.idle.take(this);
    closed(file);
  }
}

/** Whether it could be closed tells nothing: sync has told of every failed write. */
function closed(file: StageFile | undefined): void {
  try {
    file?.close();
  } catch {
    // There is nothing left to do.
  }
}
