import type { Statement } from 'bun:sqlite';
import { sql } from 'kysely';
import type { AccountRow, AccountStore, KeyRow, NewAccount } from '../../core/accounts.ts';
import type { SigningKeys } from '../../core/service-accounts.ts';
import { KEY_COLUMNS, keyRow, type RawKey } from './key-row.ts';
import type { Transactions } from './transactions.ts';

interface RawAccount {
  readonly id: string;
  readonly kind: AccountRow['kind'];
  readonly password_hash: string | null;
  readonly disabled: number;
}

/** 21 digits, as Google's are, of which no two accounts ever share all. */
export const newUid = sql<string>`'1' || substr('00000000000000000000' || abs(random()), -20)`;

/** Accounts and their keys. Looked up on requests, so the reads are prepared. */
export class AccountTables implements AccountStore, SigningKeys {
  readonly #database: Transactions;
  readonly #now: () => number;
  readonly #account: Statement<RawAccount, [string]>;
  readonly #groups: Statement<{ readonly group_id: string }, [string]>;
  readonly #key: Statement<RawKey, [string]>;
  readonly #keysOf: Statement<RawKey, [string]>;

  constructor(database: Transactions, now: () => number) {
    const { reading } = database;
    this.#database = database;
    this.#now = now;
    this.#account = reading.prepare('SELECT id, kind, password_hash, disabled FROM account WHERE id = ?');
    this.#groups = reading.prepare(
      'SELECT DISTINCT group_id FROM group_member WHERE account = ? ORDER BY group_id',
    );
    const keys = `SELECT ${KEY_COLUMNS.join(', ')} FROM service_account_key`;
    this.#key = reading.prepare(`${keys} WHERE id = ?`);
    this.#keysOf = reading.prepare(`${keys} WHERE account = ? ORDER BY id`);
  }

  async find(id: string): Promise<AccountRow | undefined> {
    const row = this.#account.get(id);
    if (!row) return undefined;
    return {
      id: row.id,
      kind: row.kind,
      disabled: row.disabled === 1,
      groups: this.#groups.all(id).map(({ group_id: group }) => group),
      ...(row.password_hash !== null && { passwordHash: row.password_hash }),
    };
  }

  async key(id: string): Promise<KeyRow | undefined> {
    const row = this.#key.get(id);
    return row ? keyRow(row) : undefined;
  }

  async keysOf(account: string): Promise<readonly KeyRow[]> {
    return this.#keysOf.all(account).map(keyRow);
  }

  async put(account: NewAccount): Promise<void> {
    const now = this.#now();
    const values = {
      kind: account.kind,
      project: account.project ?? null,
      display_name: account.displayName ?? '',
      description: account.description ?? '',
      password_hash: account.passwordHash ?? null,
      disabled: account.disabled ? 1 : 0,
      updated_at: now,
    };
    await this.#database.transaction((tx) =>
      tx
        .insertInto('account')
        .values({ id: account.id, uid: newUid, created_at: now, ...values })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
        .execute(),
    );
  }

  async count(): Promise<number> {
    const row = await this.#database.read
      .selectFrom('account')
      .select(({ fn }) => fn.countAll<number>().as('rows'))
      .executeTakeFirstOrThrow();
    return row.rows;
  }
}
