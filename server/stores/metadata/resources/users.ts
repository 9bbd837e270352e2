import type { Kysely, Selectable, Transaction } from 'kysely';
import { notFound, RegistryError } from '../../../core/error.ts';
import type { Listed, ListQuery } from '../../../core/resources.ts';
import type { NewUser, UserChange, UserRecord, UserResources } from '../../../core/users.ts';
import { newUid } from '../account-tables.ts';
import { endGotWith, endLogins } from '../end-tokens.ts';
import { forgetMember } from '../forget-member.ts';
import { keepingAnOwner } from '../last-owner.ts';
import type { AccountTable, Schema } from '../schema.ts';
import type { Transactions } from '../transactions.ts';
import { keysetPage } from './keyset.ts';

type Row = Selectable<AccountTable>;

export class StoredUsers implements UserResources {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async get(id: string): Promise<UserRecord | undefined> {
    const row = await find(this.#database.read, id);
    return row && record(row);
  }

  async list(query: Pick<ListQuery, 'limit' | 'after'>): Promise<Listed<UserRecord>> {
    const users = this.#database.read.selectFrom('account').selectAll().where('kind', '=', 'user');
    const keyset = { columns: ['id'], position: (row: Row) => [row.id] };
    const { rows, next } = await keysetPage(users, keyset, { ...query, descending: false });
    return { rows: rows.map(record), ...(next && { next }) };
  }

  create({ id, displayName, description, passwordHash }: NewUser): Promise<UserRecord> {
    return this.#database.transaction(async (tx) => {
      const row = await tx
        .insertInto('account')
        .values({
          id,
          uid: newUid,
          kind: 'user',
          project: null,
          display_name: displayName,
          description,
          password_hash: passwordHash ?? null,
          created_at: this.#now(),
          updated_at: this.#now(),
        })
        .onConflict((conflict) => conflict.doNothing())
        .returningAll()
        .executeTakeFirst();
      if (row) return record(row);
      throw new RegistryError('ALREADY_EXISTS', 'USER_EXISTS', `there is an account called ${id} already`, {
        details: { user: id },
      });
    });
  }

  update(id: string, change: (current: UserRecord) => UserChange): Promise<UserRecord> {
    return this.#database.transaction(async (tx) => {
      const { displayName, description } = change(record(await present(tx, id)));
      return this.#set(tx, id, { display_name: displayName, description });
    });
  }

  setPassword(id: string, passwordHash: string | undefined): Promise<UserRecord> {
    return this.#database.transaction((tx) => {
      const set = async () => {
        await present(tx, id);
        await endLogins(tx, id);
        return this.#set(tx, id, { password_hash: passwordHash ?? null });
      };
      return passwordHash === undefined ? keepingAnOwner(tx, set) : set();
    });
  }

  setDisabled(id: string, disabled: boolean): Promise<UserRecord> {
    return this.#database.transaction((tx) =>
      keepingAnOwner(tx, async () => {
        await present(tx, id);
        if (disabled) {
          await endLogins(tx, id);
          await endGotWith(tx, id);
        }
        return this.#set(tx, id, { disabled: disabled ? 1 : 0 });
      }),
    );
  }

  delete(id: string): Promise<void> {
    return this.#database.transaction((tx) =>
      keepingAnOwner(tx, async () => {
        const { uid } = await present(tx, id);
        await endLogins(tx, id);
        await endGotWith(tx, id);
        await tx.deleteFrom('account').where('id', '=', id).execute();
        await forgetMember(tx, `user:${id}`, uid);
      }),
    );
  }

  async #set(
    tx: Transaction<Schema>,
    id: string,
    values: Partial<Pick<Row, 'display_name' | 'description' | 'password_hash' | 'disabled'>>,
  ): Promise<UserRecord> {
    const row = await tx
      .updateTable('account')
      .set({ ...values, updated_at: this.#now() })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    return record(row);
  }
}

const find = (db: Kysely<Schema>, id: string): Promise<Row | undefined> =>
  db.selectFrom('account').selectAll().where('id', '=', id).where('kind', '=', 'user').executeTakeFirst();

async function present(tx: Transaction<Schema>, id: string): Promise<Row> {
  const row = await find(tx, id);
  if (!row) throw notFound('USER', { user: id });
  return row;
}

const record = (row: Row): UserRecord => ({
  id: row.id,
  uid: row.uid,
  displayName: row.display_name,
  description: row.description,
  disabled: row.disabled === 1,
  hasPassword: row.password_hash !== null,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
