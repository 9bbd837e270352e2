import type { Statement } from 'bun:sqlite';
import type { AccountRow, AccountStore, RoleBinding, RoleBindings, TokenRow } from '../../core/accounts.ts';
import type { Permission, ResourceName } from '../../core/iam.ts';
import type { MetadataDatabase } from './database.ts';

interface RawAccount {
  readonly id: string;
  readonly kind: AccountRow['kind'];
  readonly password_hash: string | null;
  readonly disabled: number;
}

interface RawToken {
  readonly id: string;
  readonly account: string;
  readonly scopes: string | null;
  readonly expires_at: number;
}

const TOKEN_COLUMNS = 'id, account, scopes, expires_at';

/** Accounts and their tokens. Looked up on requests, so the reads are prepared. */
export class AccountTables implements AccountStore {
  readonly #database: MetadataDatabase;
  readonly #now: () => number;
  readonly #account: Statement<RawAccount, [string]>;
  readonly #byHash: Statement<RawToken, [string]>;
  readonly #byId: Statement<RawToken, [string]>;

  constructor(database: MetadataDatabase, now: () => number) {
    const { reading } = database;
    this.#database = database;
    this.#now = now;
    this.#account = reading.prepare('SELECT id, kind, password_hash, disabled FROM account WHERE id = ?');
    this.#byHash = reading.prepare(`SELECT ${TOKEN_COLUMNS} FROM access_token WHERE hash = ?`);
    this.#byId = reading.prepare(`SELECT ${TOKEN_COLUMNS} FROM access_token WHERE id = ?`);
  }

  async find(id: string): Promise<AccountRow | undefined> {
    const row = this.#account.get(id);
    if (!row) return undefined;
    return {
      id: row.id,
      kind: row.kind,
      disabled: row.disabled === 1,
      ...(row.password_hash !== null && { passwordHash: row.password_hash }),
    };
  }

  async put(account: AccountRow): Promise<void> {
    const now = this.#now();
    const values = {
      kind: account.kind,
      password_hash: account.passwordHash ?? null,
      disabled: account.disabled ? 1 : 0,
      updated_at: now,
    };
    await this.#database.transaction((tx) =>
      tx
        .insertInto('account')
        .values({ id: account.id, created_at: now, ...values })
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

  async tokenByHash(hash: string): Promise<TokenRow | undefined> {
    return tokenRow(this.#byHash.get(hash));
  }

  async tokenById(id: string): Promise<TokenRow | undefined> {
    return tokenRow(this.#byId.get(id));
  }

  async addToken(hash: string, token: TokenRow): Promise<void> {
    await this.#database.transaction((tx) =>
      tx
        .insertInto('access_token')
        .values({
          hash,
          id: token.id,
          account: token.account,
          scopes: token.scopes ? JSON.stringify(token.scopes) : null,
          created_at: this.#now(),
          expires_at: token.expiresAt,
          last_used_at: null,
        })
        .execute(),
    );
  }

  async removeToken(id: string): Promise<void> {
    await this.#database.transaction((tx) => tx.deleteFrom('access_token').where('id', '=', id).execute());
  }

  async pruneTokens(now: number): Promise<number> {
    const { numDeletedRows } = await this.#database.transaction((tx) =>
      tx.deleteFrom('access_token').where('expires_at', '<', now).executeTakeFirstOrThrow(),
    );
    return Number(numDeletedRows);
  }
}

const tokenRow = (row: RawToken | null): TokenRow | undefined =>
  row
    ? {
        id: row.id,
        account: row.account,
        expiresAt: row.expires_at,
        ...(row.scopes !== null && { scopes: JSON.parse(row.scopes) as Permission[] }),
      }
    : undefined;

export class RoleBindingTables implements RoleBindings {
  readonly #database: MetadataDatabase;

  constructor(database: MetadataDatabase) {
    this.#database = database;
  }

  async of(members: readonly string[]): Promise<readonly RoleBinding[]> {
    const rows = await this.#database.read
      .selectFrom('role_binding')
      .select(['resource', 'role', 'member'])
      .where('member', 'in', members)
      .execute();
    return rows.map(({ resource, role, member }) => ({ on: resource as ResourceName, role, member }));
  }

  async add({ on, role, member }: RoleBinding): Promise<void> {
    await this.#database.transaction((tx) =>
      tx
        .insertInto('role_binding')
        .values({ resource: on, role, member })
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    );
  }
}
