import { setImmediate } from 'node:timers/promises';
import { type Act, UNFINISHED } from '../../core/audit.ts';
import type { BlobInfo } from '../../core/blob.ts';
import type {
  Doomed,
  Forgotten,
  GarbageBatch,
  GarbageDue,
  GarbageReport,
  GarbageRun,
  GarbageTables,
  PlausibleShare,
  ReviewedBlobs,
  ReviewedFiles,
} from '../../core/garbage.ts';
import { preview } from './gc-preview.ts';
import { FEW } from './gc-lots.ts';
import { condemn, due, reviewFiles } from './gc-review.ts';
import { claimRun, endRun, openRuns } from './gc-runs.ts';
import { purgeDue } from './trash.ts';
import { recordEntry } from './audit-entries.ts';
import { free, markDeleting, postpone, unknown } from './gc-sweep.ts';
import { listed } from './listed.ts';
import type { GcQueueTable } from './schema-collection.ts';
import type { Transactions } from './transactions.ts';
import { unnamedBlob } from './unnamed-blob.ts';

/**
 * The collector's tables. Whether there is anything to do is asked of what was committed, so that an idle collector
 * writes nothing and no cache that lives until the next commit is lost to it. What a transaction is about to look at is read
 * there first, too: it may have to come from the disk, and nobody waits for that.
 */
export class GarbageQueue implements GarbageTables {
  readonly #database: Transactions;

  constructor(database: Transactions) {
    this.#database = database;
  }

  async purgeTrash(batch: GarbageBatch, act: Act): Promise<number> {
    const any = await this.#database.read
      .selectFrom('deleted_version')
      .select('id')
      .where('purge_at', '<=', batch.now)
      .limit(1)
      .executeTakeFirst();
    if (!any) return 0;
    return this.#database.transaction(async (tx) => {
      const purged = await purgeDue(tx, batch);
      if (purged > 0) await recordEntry(tx, act, UNFINISHED);
      return purged;
    });
  }

  async reviewFiles(batch: GarbageBatch): Promise<ReviewedFiles> {
    if (!(await this.#anything('file', batch))) return { taken: 0, removed: 0 };
    return this.#database.transaction((tx) => reviewFiles(tx, batch));
  }

  async condemn(batch: GarbageBatch, most: PlausibleShare | undefined): Promise<ReviewedBlobs> {
    if (!(await this.#anything('blob', batch))) return { taken: 0, condemned: 0, bytes: 0, refused: false };
    return this.#database.transaction((tx) => condemn(tx, batch, most));
  }

  async markDeleting(batch: GarbageBatch, leaseMs: number): Promise<readonly Doomed[]> {
    // What somebody wants again leaves the list and is not answered, so nothing but an empty list ends this.
    while (await this.#anything('sweep', { ...batch, graceMs: 0 })) {
      const doomed = await this.#database.transaction((tx) => markDeleting(tx, batch, leaseMs));
      if (doomed.length > 0) return doomed;
    }
    return [];
  }

  free(gone: readonly Doomed[], batch: GarbageBatch, act: Act): Promise<Forgotten> {
    return this.#database.transaction((tx) => free(tx, gone, batch, act));
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

  preview(what: GarbageDue): Promise<GarbageReport> {
    return preview(this.#database.read, what);
  }

  async #anything(
    kind: GcQueueTable['kind'],
    { now, graceMs, limit }: Pick<GarbageBatch, 'now' | 'graceMs' | 'limit'>,
  ): Promise<boolean> {
    const { read } = this.#database;
    const keys = await due(read, kind, now - graceMs, limit);
    if (kind !== 'blob' && kind !== 'sweep') return keys.length > 0;
    for (let from = 0; from < keys.length; from += FEW) {
      await read
        .selectFrom('blob')
        .select(({ fn }) => fn.countAll<number>().as('unnamed'))
        .where('digest', 'in', listed(keys.slice(from, from + FEW)))
        .where(unnamedBlob)
        .execute();
      await setImmediate();
    }
    return keys.length > 0;
  }
}
