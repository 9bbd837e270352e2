import { statfsSync } from 'node:fs';
import { storageFull, storing } from './storage-error.ts';

/** Bytes written between two looks at the file system. */
const STRIDE = 64 * 1024 * 1024;

/** What one stream of writes may use. */
export interface Allowance {
  /** Fails with STORAGE_FULL when there are not so many bytes left. */
  spend(bytes: number): Promise<void>;
}

/** The space left on the store's file system, less a reserve that uploads never touch. */
export class FreeSpace {
  readonly #path: string;
  readonly #reserve: number;

  constructor(path: string, reserveBytes: number) {
    this.#path = path;
    this.#reserve = reserveBytes;
  }

  /** Bytes that may still be written. */
  async left(): Promise<number> {
    // In place: the kernel answers from memory.
    const { bavail, bsize } = await storing(async () => statfsSync(this.#path));
    return Math.max(0, bavail * bsize - this.#reserve);
  }

  /**
   * For one stream of writes. Looks at its first byte and then every 64 MiB, or sooner where less is left; so several
   * streams together can reach at most that much each into the reserve.
   */
  allowance(): Allowance {
    let allowed = 0;
    return {
      spend: async (bytes) => {
        if (allowed < bytes) allowed = Math.min(await this.left(), STRIDE);
        if (allowed < bytes) throw storageFull();
        allowed -= bytes;
      },
    };
  }
}
