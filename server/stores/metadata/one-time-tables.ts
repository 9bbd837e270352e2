import type { Kysely } from 'kysely';
import type { Change, OneTimeKind, OneTimeStore, Payload } from '../../core/one-time.ts';
import type { Schema } from './schema.ts';
import type { Transactions } from './transactions.ts';

export class OneTimeTables implements OneTimeStore {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async put(kind: OneTimeKind, hash: string, payload: Payload, expiresAt: number): Promise<boolean> {
    const row = { hash, kind, payload: JSON.stringify(payload), expires_at: expiresAt };
    const { numInsertedOrUpdatedRows } = await this.#database.transaction((tx) =>
      tx
        .insertInto('one_time')
        .values(row)
        .onConflict((conflict) => conflict.column('hash').doNothing())
        .executeTakeFirstOrThrow(),
    );
    return numInsertedOrUpdatedRows === 1n;
  }

  take(kind: OneTimeKind, hash: string): Promise<Payload | undefined> {
    return this.change(kind, hash, (payload) => ({ result: payload }));
  }

  read(kind: OneTimeKind, hash: string): Promise<Payload | undefined> {
    return this.#payload(this.#database.read, kind, hash);
  }

  async change<T>(
    kind: OneTimeKind,
    hash: string,
    work: (payload: Payload) => Change<T>,
  ): Promise<T | undefined> {
    // Strangers may ask for what is not there as often as they like, without a turn at writing.
    if ((await this.read(kind, hash)) === undefined) return undefined;
    return this.#database.transaction(async (tx) => {
      const found = await this.#payload(tx, kind, hash);
      if (found === undefined) return undefined;
      const { payload, result } = work(found);
      await (
        payload === undefined
          ? tx.deleteFrom('one_time').where('hash', '=', hash)
          : tx
              .updateTable('one_time')
              .set({ payload: JSON.stringify(payload) })
              .where('hash', '=', hash)
      ).execute();
      return result;
    });
  }

  async #payload(db: Kysely<Schema>, kind: OneTimeKind, hash: string): Promise<Payload | undefined> {
    const row = await db
      .selectFrom('one_time')
      .select('payload')
      .where('hash', '=', hash)
      .where('kind', '=', kind)
      .where('expires_at', '>', this.#now())
      .executeTakeFirst();
    return row && (JSON.parse(row.payload) as Payload);
  }
}
