import type { Transaction } from 'kysely';
import type {
  Document,
  OperationDraft,
  OperationRecord,
  OperationResources,
} from '../../../core/resources.ts';
import type { Transactions } from '../transactions.ts';
import type { Schema } from '../schema.ts';

export class StoredOperations implements OperationResources {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async get(address: Parameters<OperationResources['get']>[0]): Promise<OperationRecord | undefined> {
    const row = await this.#database.read
      .selectFrom('operation')
      .select(['account', 'body'])
      .where('id', '=', address.id)
      .where('project', '=', address.project)
      .where('location', '=', address.location)
      .executeTakeFirst();
    return row && { account: row.account, body: JSON.parse(row.body) as Document };
  }

  record(
    at: { readonly project: string; readonly location: string },
    draft: OperationDraft,
  ): Promise<Document> {
    return this.#database.transaction((tx) =>
      recordOperation(tx, { at, draft, result: undefined, now: this.#now() }),
    );
  }
}

interface Finished<Result> {
  readonly at: { readonly project: string; readonly location: string };
  readonly draft: OperationDraft<Result>;
  readonly result: Result;
  readonly now: number;
}

/** Writes an operation in the transaction that did its work, and answers its body. */
export async function recordOperation<Result>(
  tx: Transaction<Schema>,
  { at, draft, result, now }: Finished<Result>,
): Promise<Document> {
  const body = draft.body(result);
  await tx
    .insertInto('operation')
    .values({
      id: draft.id,
      project: at.project,
      location: at.location,
      account: draft.account,
      body: JSON.stringify(body),
      created_at: now,
    })
    .execute();
  return body;
}
