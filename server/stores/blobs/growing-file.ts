import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { GrowingBlob } from '../../core/blob.ts';
import { uploadUnknown } from './expectation.ts';
import { isAbsent, storageError, storing } from './storage-error.ts';

const { O_NOFOLLOW, O_RDONLY } = constants;

/**
 * An upload's file, open for reading beside whoever writes it. The descriptor outlives its name, so it needs no lock and
 * takes no part in the commit. Reads under way end before the descriptor is closed.
 */
export class GrowingFile implements GrowingBlob {
  readonly #file: FileHandle;
  readonly #reading = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<GrowingFile> {
    try {
      return new GrowingFile(await open(path, O_RDONLY | O_NOFOLLOW));
    } catch (error) {
      throw isAbsent(error) ? uploadUnknown() : storageError(error);
    }
  }

  async size(): Promise<number> {
    return (await this.#while(() => this.#file.stat())).size;
  }

  async read(start: number, most: number): Promise<Uint8Array<ArrayBuffer>> {
    const buffer = new Uint8Array(most);
    const { bytesRead } = await this.#while(() => this.#file.read(buffer, 0, most, start));
    return buffer.subarray(0, bytesRead);
  }

  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#reading)
      .then(() => this.#file.close())
      // Nothing was written through it, so nothing can be lost.
      .catch(() => undefined);
    return this.#closed;
  }

  async #while<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw uploadUnknown();
    const working = storing(work);
    this.#reading.add(working);
    try {
      return await working;
    } finally {
      this.#reading.delete(working);
    }
  }
}
