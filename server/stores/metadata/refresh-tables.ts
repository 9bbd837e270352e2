import type { Transaction } from 'kysely';
import type { Act, Outcome } from '../../core/audit.ts';
import type { NewRefreshToken, RefreshStore } from '../../core/logins.ts';
import { recordAct, recordEntry } from './audit-entries.ts';
import { audited } from './audited.ts';
import type { Schema } from './schema.ts';
import type { Transactions } from './transactions.ts';

/** google.rpc.Code UNAUTHENTICATED. */
const USED_AGAIN: Outcome = { code: 16, message: 'the refresh token was used before: its log-in has ended' };

/** Refresh tokens. A used one stays until it would have expired, so that a second use is noticed. */
export class RefreshTables implements RefreshStore {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async addRefresh(hash: string, { family, account, expiresAt }: NewRefreshToken): Promise<void> {
    const row = { hash, family, account, created_at: this.#now(), expires_at: expiresAt, used_at: null };
    await this.#database.transaction((tx) => tx.insertInto('refresh_token').values(row).execute());
  }

  takeRefresh(hash: string, act: Act): Promise<NewRefreshToken | undefined> {
    return this.#database.transaction(async (tx) => {
      const row = await tx
        .selectFrom('refresh_token')
        .selectAll()
        .where('hash', '=', hash)
        .where('expires_at', '>', this.#now())
        .executeTakeFirst();
      if (!row) return undefined;
      if (row.used_at !== null) {
        await removeFamily(tx, row.family);
        await recordEntry(tx, act, USED_AGAIN);
        return undefined;
      }
      await tx.updateTable('refresh_token').set({ used_at: this.#now() }).where('hash', '=', hash).execute();
      await recordAct(tx, act);
      return { family: row.family, account: row.account, expiresAt: row.expires_at };
    });
  }

  async endFamily(family: string, act?: Act): Promise<void> {
    await audited(this.#database, act).transaction((tx) => removeFamily(tx, family));
  }
}

async function removeFamily(tx: Transaction<Schema>, family: string): Promise<void> {
  const mine = tx.selectFrom('access_token').select('id').where('family', '=', family);
  await tx.deleteFrom('access_token').where('parent', 'in', mine).execute();
  await tx.deleteFrom('access_token').where('family', '=', family).execute();
  await tx.deleteFrom('refresh_token').where('family', '=', family).execute();
}
