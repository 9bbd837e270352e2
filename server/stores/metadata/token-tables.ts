import type { Statement } from 'bun:sqlite';
import type { NewToken, TokenKind, TokenRow, TokenStore } from '../../core/accounts.ts';
import type { Act } from '../../core/audit.ts';
import type { Federated, Scope } from '../../core/iam.ts';
import { audited } from './audited.ts';
import type { Transactions } from './transactions.ts';

interface Raw {
  readonly id: string;
  readonly kind: TokenKind;
  readonly account: string | null;
  readonly identity: string | null;
  readonly name: string;
  readonly scope: string | null;
  readonly family: string | null;
  readonly key_id: string | null;
  readonly parent: string | null;
  readonly created_at: number;
  readonly expires_at: number;
  readonly idle_ms: number | null;
  readonly last_used_at: number | null;
}

export const TOKEN_COLUMNS = [
  ...(['id', 'kind', 'account', 'identity', 'name', 'scope', 'family', 'key_id', 'parent'] as const),
  ...(['created_at', 'expires_at', 'idle_ms', 'last_used_at'] as const),
] as const;

/** Access tokens. Looked up on requests, so the reads are prepared. */
export class TokenTables implements TokenStore {
  readonly #database: Transactions;
  readonly #now: () => number;
  readonly #byHash: Statement<Raw, [string]>;
  readonly #byId: Statement<Raw, [string]>;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
    const select = `SELECT ${TOKEN_COLUMNS.join(', ')} FROM access_token`;
    this.#byHash = database.reading.prepare(`${select} WHERE hash = ?`);
    this.#byId = database.reading.prepare(`${select} WHERE id = ?`);
  }

  async tokenByHash(hash: string): Promise<TokenRow | undefined> {
    const row = this.#byHash.get(hash);
    return row ? tokenRow(row) : undefined;
  }

  async tokenById(id: string): Promise<TokenRow | undefined> {
    const row = this.#byId.get(id);
    return row ? tokenRow(row) : undefined;
  }

  async addToken(hash: string, token: NewToken, act?: Act): Promise<void> {
    await audited(this.#database, act).transaction((tx) =>
      tx
        .insertInto('access_token')
        .values({
          hash,
          id: token.id,
          kind: token.kind,
          account: typeof token.of === 'string' ? token.of : null,
          identity: typeof token.of === 'string' ? null : JSON.stringify(token.of),
          name: token.name ?? '',
          scope: token.scope ? JSON.stringify(token.scope) : null,
          family: token.family ?? null,
          key_id: token.key ?? null,
          parent: token.parent ?? null,
          created_at: this.#now(),
          expires_at: token.expiresAt,
          idle_ms: token.idleMs ?? null,
          last_used_at: null,
        })
        .execute(),
    );
  }

  async removeToken(id: string, act?: Act): Promise<void> {
    await audited(this.#database, act).transaction(async (tx) => {
      await tx
        .deleteFrom('access_token')
        .where((on) => on('id', '=', id).or('parent', '=', id))
        .execute();
    });
  }

  async pruneTokens(now: number): Promise<number> {
    const { numDeletedRows } = await this.#database.transaction((tx) =>
      tx.deleteFrom('access_token').where('expires_at', '<', now).executeTakeFirstOrThrow(),
    );
    return Number(numDeletedRows);
  }
}

export const tokenRow = (row: Raw): TokenRow => ({
  id: row.id,
  kind: row.kind,
  of: row.account ?? (JSON.parse(row.identity ?? '{}') as Federated),
  name: row.name,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  ...(row.scope !== null && { scope: JSON.parse(row.scope) as Scope }),
  ...(row.family !== null && { family: row.family }),
  ...(row.key_id !== null && { key: row.key_id }),
  ...(row.parent !== null && { parent: row.parent }),
  ...(row.idle_ms !== null && { idleMs: row.idle_ms }),
  ...(row.last_used_at !== null && { lastUsedAt: row.last_used_at }),
});
