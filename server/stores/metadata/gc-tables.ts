import { type Act, UNFINISHED } from '../../core/audit.ts';
import type { BlobInfo } from '../../core/blob.ts';
import type {
  Doomed,
  Freed,
  GarbageBatch,
  GarbageReport,
  GarbageRun,
  GarbageTables,
  PlausibleShare,
  ReviewedBlobs,
  ReviewedFiles,
} from '../../core/garbage.ts';
import { preview } from './gc-preview.ts';
import { condemn, reviewFiles, reviewVersions } from './gc-review.ts';
import { claimRun, endRun, openRuns } from './gc-runs.ts';
import { purgeDue } from './trash.ts';
import { recordEntry } from './audit-entries.ts';
import { free, markDeleting, postpone, unknown } from './gc-sweep.ts';
import type { GcQueueTable } from './schema-collection.ts';
import type { Transactions } from './transactions.ts';

/**
 * The collector's tables. Whether there is anything to do is asked of what was committed, so that an idle collector
 * writes nothing and no cache that lives until the next commit is lost to it.
 */
export class GarbageQueue implements GarbageTables {
  readonly #database: Transactions;

  constructor(database: Transactions) {
    this.#database = database;
  }

  async purgeTrash({ now, limit }: GarbageBatch, act: Act): Promise<number> {
    const due = await this.#database.read
      .selectFrom('deleted_version')
      .select('id')
      .where('purge_at', '<=', now)
      .limit(1)
      .executeTakeFirst();
    if (!due) return 0;
    return this.#database.transaction(async (tx) => {
      const purged = await purgeDue(tx, now, limit);
      if (purged > 0) await recordEntry(tx, act, UNFINISHED);
      return purged;
    });
  }

  async reviewFiles(batch: GarbageBatch): Promise<ReviewedFiles> {
    if (!(await this.#anything('file', batch.now - batch.graceMs))) return { taken: 0, removed: 0 };
    return this.#database.transaction((tx) => reviewFiles(tx, batch));
  }

  async reviewVersions(batch: GarbageBatch): Promise<number> {
    if (!(await this.#anything('version', batch.now - batch.graceMs))) return 0;
    return this.#database.transaction((tx) => reviewVersions(tx, batch));
  }

  async condemn(batch: GarbageBatch, most: PlausibleShare | undefined): Promise<ReviewedBlobs> {
    if (!(await this.#anything('blob', batch.now - batch.graceMs)))
      return { taken: 0, condemned: 0, bytes: 0, refused: false };
    return this.#database.transaction((tx) => condemn(tx, batch, most));
  }

  async markDeleting(batch: GarbageBatch, leaseMs: number): Promise<readonly Doomed[]> {
    // What somebody wants again leaves the list and is not answered, so nothing but an empty list ends this.
    while (await this.#anything('sweep', batch.now)) {
      const doomed = await this.#database.transaction((tx) => markDeleting(tx, batch, leaseMs));
      if (doomed.length > 0) return doomed;
    }
    return [];
  }

  free(gone: readonly Doomed[], by: { readonly now: number; readonly act: Act }): Promise<Freed> {
    return this.#database.transaction((tx) => free(tx, gone, by));
  }

  postpone(blob: Doomed, until: number): Promise<void> {
    return this.#database.transaction((tx) => postpone(tx, blob, until));
  }

  unknown(objects: readonly BlobInfo[]): Promise<readonly BlobInfo[]> {
    return unknown(this.#database.read, objects);
  }

  async claimReconciliation(now: number, before: number): Promise<boolean> {
    const { at } = await this.#database.read
      .selectFrom('gc_state')
      .select('reconciled_at as at')
      .where('only', '=', 0)
      .executeTakeFirstOrThrow();
    // A time that is to come was written before the clock was put back.
    if (at > before && at <= now) return false;
    const { numUpdatedRows } = await this.#database.transaction((tx) =>
      tx
        .updateTable('gc_state')
        .set({ reconciled_at: now })
        .where('only', '=', 0)
        .where('reconciled_at', '=', at)
        .executeTakeFirst(),
    );
    return numUpdatedRows === 1n;
  }

  async claimRun(now: number): Promise<GarbageRun | undefined> {
    if (!(await openRuns(this.#database.read, now).executeTakeFirst())) return undefined;
    return this.#database.transaction((tx) => claimRun(tx, now));
  }

  endRun(run: GarbageRun, act: Act | undefined): Promise<void> {
    return this.#database.transaction((tx) => endRun(tx, run, act));
  }

  preview(batch: Omit<GarbageBatch, 'limit'>): Promise<GarbageReport> {
    return preview(this.#database.read, batch);
  }

  async #anything(kind: GcQueueTable['kind'], before: number): Promise<boolean> {
    const row = await this.#database.read
      .selectFrom('gc_queue')
      .select('key')
      .where('kind', '=', kind)
      .where('due_at', '<=', before)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }
}
