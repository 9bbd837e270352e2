import type { DamagedBlob, ScrubResources, ScrubState } from '../../../core/scrub.ts';
import { damagedBlobs, scrubState } from '../scrub-store.ts';
import type { Transactions } from '../transactions.ts';

export class StoredScrub implements ScrubResources {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  state(): Promise<ScrubState> {
    return scrubState(this.#database.read);
  }

  damaged(limit: number): Promise<readonly DamagedBlob[]> {
    return damagedBlobs(this.#database.read, limit);
  }

  /** Later than every pass that has begun, also within one millisecond of it. */
  async request(): Promise<number> {
    return this.#database.transaction(async (tx) => {
      const { pass_from, last_from } = await tx
        .selectFrom('scrub_state')
        .select(['pass_from', 'last_from'])
        .executeTakeFirstOrThrow();
      const at = Math.max(this.#now(), (pass_from ?? 0) + 1, (last_from ?? 0) + 1);
      await tx.updateTable('scrub_state').set({ requested_at: at }).execute();
      return at;
    });
  }
}
