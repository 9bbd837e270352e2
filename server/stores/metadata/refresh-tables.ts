import { sql, type Transaction } from 'kysely';
import type { Act, Outcome } from '../../core/audit.ts';
import { type Account, type Federated, memberOf } from '../../core/iam.ts';
import type { LoginPair, RefreshStore, NewRefreshToken } from '../../core/logins.ts';
import { recordAct, recordEntry } from './audit-entries.ts';
import { audited } from './audited.ts';
import { endFamily, endTokens } from './end-tokens.ts';
import type { Schema } from './schema.ts';
import { requireBasis } from './token-basis.ts';
import { insertToken } from './token-tables.ts';
import type { Transactions } from './transactions.ts';

/** google.rpc.Code UNAUTHENTICATED. */
const USED_AGAIN: Outcome = { code: 16, message: 'the refresh token was used before: its log-in has ended' };

/** Log-ins and their refresh tokens. A used one stays until it would have expired, so that a second use is noticed. */
export class RefreshTables implements RefreshStore {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async beginLogin(pair: LoginPair, act: Act): Promise<void> {
    await audited(this.#database, act).transaction(async (tx) => {
      await requireBasis(tx, pair.access.token);
      await this.#add(tx, pair);
    });
  }

  renewLogin(
    hash: string,
    next: (taken: NewRefreshToken) => LoginPair,
    act: (account: string) => Act,
  ): Promise<LoginPair | undefined> {
    return this.#database.transaction(async (tx) => {
      const row = await tx
        .selectFrom('refresh_token')
        .innerJoin('account', 'account.id', 'refresh_token.account')
        .selectAll('refresh_token')
        .where('hash', '=', hash)
        .where('expires_at', '>', this.#now())
        .where('disabled', '=', 0)
        .executeTakeFirst();
      if (!row) return undefined;
      const { family, account, login_at: loginAt, expires_at: expiresAt } = row;
      if (row.used_at !== null) {
        await endFamily(tx, family);
        await recordEntry(tx, act(account), USED_AGAIN);
        return undefined;
      }
      await tx.updateTable('refresh_token').set({ used_at: this.#now() }).where('hash', '=', hash).execute();
      const pair = next({ family, account, loginAt, expiresAt });
      await this.#add(tx, pair);
      await recordAct(tx, act(account));
      return pair;
    });
  }

  async endFamily(family: string, act?: Act): Promise<void> {
    await audited(this.#database, act).transaction((tx) => endFamily(tx, family));
  }

  revoke(hash: string, act: (member: string) => Act): Promise<string | undefined> {
    return this.#database.transaction(async (tx) => {
      const access = await tx
        .selectFrom('access_token')
        .leftJoin('account', 'account.id', 'access_token.account')
        .select([
          'access_token.id',
          'access_token.account',
          'account.kind',
          'access_token.identity',
          'family',
        ])
        .where('hash', '=', hash)
        .executeTakeFirst();
      const refresh = await tx
        .selectFrom('refresh_token')
        .select(['account', 'family'])
        .where('hash', '=', hash)
        .executeTakeFirst();
      const family = access?.family ?? refresh?.family;
      if (access) await endTokens(tx, sql<boolean>`id = ${access.id}`);
      if (family) await endFamily(tx, family);
      if (!access && !refresh) return undefined;
      const member = access ? holderOf(access) : `user:${refresh?.account ?? ''}`;
      await recordAct(tx, act(member));
      return member;
    });
  }

  async #add(tx: Transaction<Schema>, { access, refresh }: LoginPair): Promise<void> {
    const { family, account, loginAt, expiresAt } = refresh.token;
    await insertToken(tx, access.hash, access.token, this.#now());
    await tx
      .insertInto('refresh_token')
      .values({
        hash: refresh.hash,
        family,
        account,
        login_at: loginAt,
        created_at: this.#now(),
        expires_at: expiresAt,
        used_at: null,
      })
      .execute();
  }
}

interface Held {
  readonly account: string | null;
  readonly kind: Account['kind'] | null;
  readonly identity: string | null;
}

const holderOf = ({ account, kind, identity }: Held): string =>
  account === null
    ? (JSON.parse(identity ?? '{}') as Federated).id
    : memberOf({ kind: kind ?? 'user', id: account });
