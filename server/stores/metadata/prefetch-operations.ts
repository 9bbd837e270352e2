import type {
  HeldPrefetch,
  LeftPrefetch,
  PrefetchReport,
  PrefetchStart,
  PrefetchStore,
} from '../../core/prefetch.ts';
import type { RepositoryAddress } from '../../core/repository.ts';
import type { Document, OperationDraft } from '../../core/resources.ts';
import { audited } from './audited.ts';
import { recordOperation } from './resources/operations.ts';
import type { Transactions } from './transactions.ts';

/** Milliseconds. */
export const PREFETCH_LEASE = 30_000;

export class PrefetchOperations implements PrefetchStore {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  begin(
    { project, location, repository }: RepositoryAddress,
    { act, draft, artifacts }: PrefetchStart,
    report: PrefetchReport,
  ): Promise<Document> {
    return audited(this.#database, act).transaction(async (tx) => {
      const now = this.#now();
      const at = { project, location };
      const begun = await recordOperation(tx, { at, draft, result: report, now });
      await tx
        .insertInto('prefetch')
        .values({
          operation_id: draft.id,
          ...at,
          repository,
          artifacts: JSON.stringify(artifacts),
          begun: 1,
          lease_until: now + PREFETCH_LEASE,
        })
        .execute();
      return begun;
    });
  }

  note(
    draft: OperationDraft<PrefetchReport>,
    report: PrefetchReport,
    { begun }: Pick<HeldPrefetch, 'begun'>,
  ): Promise<boolean> {
    const { id } = draft;
    const text = JSON.stringify(draft.body(report));
    return this.#database.transaction(async (tx) => {
      const mine = await tx
        .selectFrom('prefetch')
        .select('begun')
        .where('operation_id', '=', id)
        .where('begun', '=', begun)
        .executeTakeFirst();
      if (!mine) return false;
      await tx.updateTable('operation').set({ body: text }).where('id', '=', id).execute();
      if (report.done) await tx.deleteFrom('prefetch').where('operation_id', '=', id).execute();
      return true;
    });
  }

  renew(held: HeldPrefetch): Promise<boolean> {
    return this.#change(held, { lease_until: this.#now() + PREFETCH_LEASE });
  }

  release(held: HeldPrefetch): Promise<boolean> {
    return this.#change(held, { lease_until: 0, begun: held.begun - 1 });
  }

  async takeUp(): Promise<LeftPrefetch | undefined> {
    // Mostly there is none, and looking costs no transaction.
    if (!(await this.#left(this.#database.read))) return undefined;
    return this.#database.transaction(async (tx) => {
      const left = await this.#left(tx);
      if (!left) return undefined;
      const begun = left.begun + 1;
      await tx
        .updateTable('prefetch')
        .set({ begun, lease_until: this.#now() + PREFETCH_LEASE })
        .where('operation_id', '=', left.operation_id)
        .execute();
      const { operation_id: id, project, location, repository, account } = left;
      const artifacts = JSON.parse(left.artifacts) as readonly string[];
      return { id, account, begun, artifacts, address: { project, location, repository } };
    });
  }

  async #change(
    { id, begun }: HeldPrefetch,
    to: { readonly lease_until: number; readonly begun?: number },
  ): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.transaction((tx) =>
      tx
        .updateTable('prefetch')
        .set(to)
        .where('operation_id', '=', id)
        .where('begun', '=', begun)
        .executeTakeFirst(),
    );
    return numUpdatedRows > 0n;
  }

  /** One whose lease is over, or was given before the clock was put back. */
  #left(db: Transactions['read']) {
    const now = this.#now();
    return db
      .selectFrom('prefetch')
      .innerJoin('operation', 'operation.id', 'prefetch.operation_id')
      .selectAll('prefetch')
      .select('operation.account')
      .where((row) => row.or([row('lease_until', '<', now), row('lease_until', '>', now + PREFETCH_LEASE)]))
      .limit(1)
      .executeTakeFirst();
  }
}
