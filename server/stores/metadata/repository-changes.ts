import type { Transaction } from 'kysely';
import type { BlobStore, CommittedBlob } from '../../core/blob.ts';
import type { NewFile } from '../../core/catalog.ts';
import { RegistryError } from '../../core/error.ts';
import { type Surplus, unnamed } from './adopt-blob.ts';
import type { CopyEviction } from './copy-eviction.ts';
import { asQuotaRefusal } from './quotas.ts';
import type { Schema } from './schema.ts';
import type { Recorded, Transactions } from './transactions.ts';

/**
 * How far a change of the tables has come. `recording`: all is written and nothing committed; `recorded`: committed,
 * and on the disk; `tidied`: what it made superfluous is gone from the store.
 */
export const RECORD_STEPS = ['recording', 'recorded', 'tidied'] as const;
export type RecordStep = (typeof RECORD_STEPS)[number];

/** A change within its transaction; answers what it made superfluous in the store. */
export type Work = (tx: Transaction<Schema>, now: number) => Promise<readonly Surplus[]>;

export interface ChangesOptions {
  readonly database: Transactions;
  readonly blobs: BlobStore;
  readonly now: () => number;
  /** Where others may go for what comes, how. */
  readonly eviction?: CopyEviction;
  /** Called at each step of each change, for tests that stop the process just there. */
  readonly onStep?: (step: RecordStep) => void;
}

const ROOM_TRIES = 3;

/** How the tables of one repository are changed, and the store with them. */
export class RepositoryChanges {
  readonly #options: ChangesOptions;
  readonly #repositoryId: number;

  constructor(options: ChangesOptions, repositoryId: number) {
    this.#options = options;
    this.#repositoryId = repositoryId;
  }

  /** One transaction; what it made superfluous in the store goes once it is on disk. */
  async write(work: Work, recorded: Recorded = {}): Promise<void> {
    const { database, blobs, now, onStep } = this.#options;
    const surplus = await database.transaction(
      async (tx) => {
        const made = await work(tx, now()).catch(async (thrown: unknown) => {
          throw await asQuotaRefusal(tx, this.#repositoryId, thrown);
        });
        onStep?.('recording');
        return made;
      },
      () => recorded,
    );
    onStep?.('recorded');
    for (const blob of surplus) await blobs.delete(blob);
    onStep?.('tidied');
  }

  /** Names files, or takes back the bytes that came for them. */
  async naming(files: readonly NewFile[], work: Work, recorded: Recorded): Promise<void> {
    try {
      await this.#makingRoom(files, work, recorded);
    } catch (error) {
      const brought = files.flatMap(({ blob }) => ('checksums' in blob ? [blob] : []));
      // Only a refusal is known not to have been committed.
      if (error instanceof RegistryError && error.status < 500)
        await this.takeBack(brought).catch(() => undefined);
      throw error;
    }
  }

  /** Again when others went for it: for its bytes, for its version, and once more for those who were quicker. */
  async #makingRoom(files: readonly NewFile[], work: Work, recorded: Recorded): Promise<void> {
    const { eviction } = this.#options;
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.write(work, recorded);
      } catch (error) {
        const made = tries < ROOM_TRIES && (await eviction?.madeRoom(this.#repositoryId, error, files));
        if (!made) throw error;
      }
    }
  }

  /** Deletes what was stored and is named by nothing. */
  async takeBack(brought: readonly CommittedBlob[]): Promise<void> {
    const { database, blobs } = this.#options;
    for (const blob of await unnamed(database.read, brought)) await blobs.delete(blob);
  }
}
