import type { Statement } from 'bun:sqlite';
import { sql, type Transaction } from 'kysely';
import type { NewToken, TokenKind, TokenRow, TokenStore } from '../../core/accounts.ts';
import type { Act } from '../../core/audit.ts';
import type { Federated, Scope } from '../../core/iam.ts';
import type { TokenUses } from '../../core/personal-tokens.ts';
import { audited } from './audited.ts';
import { endTokens } from './end-tokens.ts';
import type { Schema } from './schema.ts';
import { requireBasis } from './token-basis.ts';
import type { Transactions } from './transactions.ts';

export interface RawToken {
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
export class TokenTables implements TokenStore, TokenUses {
  readonly #database: Transactions;
  readonly #now: () => number;
  readonly #byHash: Statement<RawToken, [string]>;
  readonly #byId: Statement<RawToken, [string]>;

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
    await audited(this.#database, act).transaction(async (tx) => {
      await requireBasis(tx, token);
      await insertToken(tx, hash, token, this.#now());
    });
  }

  async removeToken(id: string, act?: Act): Promise<void> {
    await audited(this.#database, act).transaction((tx) => endTokens(tx, sql<boolean>`id = ${id}`));
  }

  async pruneTokens(now: number): Promise<number> {
    const { numDeletedRows } = await this.#database.transaction(async (tx) => {
      await tx.deleteFrom('refresh_token').where('expires_at', '<', now).execute();
      return tx.deleteFrom('access_token').where('expires_at', '<', now).executeTakeFirstOrThrow();
    });
    return Number(numDeletedRows);
  }

  async recordUses(uses: ReadonlyMap<string, number>): Promise<void> {
    await this.#database.transaction(async (tx) => {
      for (const [id, at] of uses)
        await tx
          .updateTable('access_token')
          .set({ last_used_at: at })
          .where('id', '=', id)
          // Another process may have seen it later.
          .where((on) => on('last_used_at', 'is', null).or('last_used_at', '<', at))
          .execute();
    });
  }
}

export function insertToken(
  tx: Transaction<Schema>,
  hash: string,
  token: NewToken,
  now: number,
): Promise<RawToken> {
  return tx
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
      created_at: now,
      expires_at: token.expiresAt,
      idle_ms: token.idleMs ?? null,
      last_used_at: null,
    })
    .returning(TOKEN_COLUMNS)
    .executeTakeFirstOrThrow();
}

export const tokenRow = (row: RawToken): TokenRow => ({
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
