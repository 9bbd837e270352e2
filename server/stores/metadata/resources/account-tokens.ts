import { type Kysely, sql } from 'kysely';
import type { NewToken, TokenRow } from '../../../core/accounts.ts';
import { notFound, RegistryError } from '../../../core/error.ts';
import type { TokenAddress, TokenResources } from '../../../core/personal-tokens.ts';
import type { Listed, ListQuery } from '../../../core/resources.ts';
import { endFamily, endTokens } from '../end-tokens.ts';
import type { Schema } from '../schema.ts';
import { insertToken, type RawToken, TOKEN_COLUMNS, tokenRow } from '../token-tables.ts';
import type { Transactions } from '../transactions.ts';
import { keysetPage } from './keyset.ts';

/** Far more than anyone keeps track of. */
const MOST_PERSONAL = 200;

export class StoredTokens implements TokenResources {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async list(account: string, query: Pick<ListQuery, 'limit' | 'after'>): Promise<Listed<TokenRow>> {
    await requireAccount(this.#database.read, account);
    const keyset = {
      columns: ['created_at', 'id'],
      position: (row: RawToken) => [row.created_at, row.id],
    };
    const { rows, next } = await keysetPage(this.#live(account), keyset, { ...query, descending: false });
    return { rows: rows.map(tokenRow), ...(next && { next }) };
  }

  async get({ account, id }: TokenAddress): Promise<TokenRow | undefined> {
    const row = await this.#live(account).where('id', '=', id).executeTakeFirst();
    return row && tokenRow(row);
  }

  create(hash: string, token: NewToken & { readonly of: string }): Promise<TokenRow> {
    return this.#database.transaction(async (tx) => {
      await requireAccount(tx, token.of);
      const { rows } = await tx
        .selectFrom('access_token')
        .select(({ fn }) => fn.countAll<number>().as('rows'))
        .where('account', '=', token.of)
        .where('kind', '=', 'personal')
        .where('expires_at', '>', this.#now())
        .executeTakeFirstOrThrow();
      if (rows >= MOST_PERSONAL)
        throw new RegistryError(
          'FAILED_PRECONDITION',
          'TOO_MANY_TOKENS',
          `${token.of} has ${MOST_PERSONAL} personal tokens, which is the most there can be: revoke some first`,
        );
      return tokenRow(await insertToken(tx, hash, token, this.#now()));
    });
  }

  delete({ account, id }: TokenAddress): Promise<void> {
    return this.#database.transaction(async (tx) => {
      const row = await tx
        .selectFrom('access_token')
        .select('family')
        .where('id', '=', id)
        .where('account', '=', account)
        .executeTakeFirst();
      if (!row) throw notFound('TOKEN', { token: id });
      if (row.family !== null) await endFamily(tx, row.family);
      await endTokens(tx, sql<boolean>`id = ${id}`);
    });
  }

  #live(account: string) {
    return this.#database.read
      .selectFrom('access_token')
      .select(TOKEN_COLUMNS)
      .where('account', '=', account)
      .where('expires_at', '>', this.#now());
  }
}

async function requireAccount(db: Kysely<Schema>, id: string): Promise<void> {
  const row = await db.selectFrom('account').select('id').where('id', '=', id).executeTakeFirst();
  if (!row) throw notFound('ACCOUNT', { account: id });
}
