import { type Kysely, type Selectable, sql } from 'kysely';
import { notFound, RegistryError } from '../../../core/error.ts';
import type {
  ServiceAccountAddress,
  ServiceAccountKeyAddress,
  ServiceAccountKeyRecord,
  ServiceAccountKeyResources,
} from '../../../core/service-accounts.ts';
import { endTokens } from '../end-tokens.ts';
import { keyRow } from '../key-row.ts';
import type { Schema, ServiceAccountKeyTable } from '../schema.ts';
import type { Transactions } from '../transactions.ts';
import { serviceAccountOf } from './service-accounts.ts';

type Row = Selectable<ServiceAccountKeyTable>;

/** As many as Google's accounts can have. */
const MOST_KEYS = 10;

export class StoredServiceAccountKeys implements ServiceAccountKeyResources {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async get(address: ServiceAccountKeyAddress): Promise<ServiceAccountKeyRecord | undefined> {
    const row = await find(this.#database.read, address);
    return row && record(row);
  }

  async list(address: ServiceAccountAddress): Promise<readonly ServiceAccountKeyRecord[]> {
    await serviceAccountOf(this.#database.read, address);
    return (await keysOf(this.#database.read, address.email)).map(record);
  }

  create(
    address: ServiceAccountAddress,
    key: Omit<ServiceAccountKeyRecord, 'account' | 'disabled'>,
    permit: () => Promise<void>,
  ): Promise<ServiceAccountKeyRecord> {
    return this.#database.transaction(async (tx) => {
      await serviceAccountOf(tx, address);
      await permit();
      if ((await keysOf(tx, address.email)).length >= MOST_KEYS)
        throw new RegistryError(
          'FAILED_PRECONDITION',
          'TOO_MANY_KEYS',
          `${address.email} has ${MOST_KEYS} keys, which is the most it can have: delete one first.`,
          { details: { email: address.email } },
        );
      const row = await tx
        .insertInto('service_account_key')
        .values({
          id: key.id,
          account: address.email,
          algorithm: key.algorithm,
          public_key: key.publicKey,
          origin: key.origin,
          valid_after: key.validAfter,
          valid_before: key.validBefore,
          created_at: this.#now(),
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      return record(row);
    });
  }

  async setDisabled(address: ServiceAccountKeyAddress, disabled: boolean): Promise<void> {
    await this.#database.transaction(async (tx) => {
      const { id } = await keyOf(tx, address);
      if (disabled) await endTokens(tx, sql<boolean>`key_id = ${id}`);
      await tx
        .updateTable('service_account_key')
        .set({ disabled: disabled ? 1 : 0 })
        .where('id', '=', id)
        .execute();
    });
  }

  async delete(address: ServiceAccountKeyAddress): Promise<void> {
    await this.#database.transaction(async (tx) => {
      const { id } = await keyOf(tx, address);
      await endTokens(tx, sql<boolean>`key_id = ${id}`);
      await tx.deleteFrom('service_account_key').where('id', '=', id).execute();
    });
  }
}

const keysOf = (db: Kysely<Schema>, email: string): Promise<Row[]> =>
  db
    .selectFrom('service_account_key')
    .selectAll()
    .where('account', '=', email)
    .orderBy('created_at')
    .orderBy('id')
    .execute();

const find = (
  db: Kysely<Schema>,
  { project, email, key }: ServiceAccountKeyAddress,
): Promise<Row | undefined> =>
  db
    .selectFrom('service_account_key')
    .innerJoin('account', 'account.id', 'service_account_key.account')
    .selectAll('service_account_key')
    .where('service_account_key.id', '=', key)
    .where('account.id', '=', email)
    .where('account.project', '=', project)
    .executeTakeFirst();

async function keyOf(db: Kysely<Schema>, address: ServiceAccountKeyAddress): Promise<Row> {
  const row = await find(db, address);
  if (!row) throw notFound('SERVICE_ACCOUNT_KEY', { key: address.key });
  return row;
}

const record = (row: Row): ServiceAccountKeyRecord => ({
  ...keyRow(row),
  algorithm: row.algorithm,
  origin: row.origin,
});
