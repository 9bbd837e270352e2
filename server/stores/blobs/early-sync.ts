import type { RegistryError } from '../../core/error.ts';
import type { StageFile } from './stage-file.ts';
import { storageError } from './storage-error.ts';

/** Seldom enough that each sync's own cost disappears. */
const BYTES_BETWEEN = 32 * 1024 * 1024;

/**
 * Sets the disk to work on what was written while more arrives, so that the sync before the acknowledgement, on
 * which alone a promise rests, finds little left to do. One at a time.
 */
export class EarlySync {
  readonly #file: Pick<StageFile, 'datasync'>;
  #running: Promise<void> | undefined;
  #written = 0;
  #failure: RegistryError | undefined;

  constructor(file: Pick<StageFile, 'datasync'>) {
    this.#file = file;
  }

  /** What went wrong. It is told once by the kernel, so a later sync that succeeds proves nothing. */
  get failure(): RegistryError | undefined {
    return this.#failure;
  }

  wrote(bytes: number): void {
    this.#written += bytes;
    if (this.#running || this.#written < BYTES_BETWEEN) return;
    this.#written = 0;
    this.#running = this.#sync();
  }

  /** Waits for a sync under way: before the file is closed. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #sync(): Promise<void> {
    try {
      await this.#file.datasync();
    } catch (error) {
      this.#failure ??= storageError(error);
    } finally {
      this.#running = undefined;
    }
  }
}
