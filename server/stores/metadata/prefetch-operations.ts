import type { PrefetchReport, PrefetchStart, PrefetchStore } from '../../core/prefetch.ts';
import type { RepositoryAddress } from '../../core/repository.ts';
import type { Document, OperationDraft } from '../../core/resources.ts';
import { audited } from './audited.ts';
import { recordOperation } from './resources/operations.ts';
import type { Transactions } from './transactions.ts';

export class PrefetchOperations implements PrefetchStore {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  begin(at: RepositoryAddress, { act, draft }: PrefetchStart, report: PrefetchReport): Promise<Document> {
    return audited(this.#database, act).transaction((tx) =>
      recordOperation(tx, { at, draft, result: report, now: this.#now() }),
    );
  }

  async note(draft: OperationDraft<PrefetchReport>, report: PrefetchReport): Promise<void> {
    const text = JSON.stringify(draft.body(report));
    await this.#database.transaction((tx) =>
      tx.updateTable('operation').set({ body: text }).where('id', '=', draft.id).execute(),
    );
  }
}
