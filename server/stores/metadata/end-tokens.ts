import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** Removes the access tokens for which `which` holds, and all that were got with them, however many steps away. */
export async function endTokens(tx: Transaction<Schema>, which: RawBuilder<boolean>): Promise<void> {
  await sql`
    WITH RECURSIVE ended (id) AS (
      SELECT id FROM access_token WHERE ${which}
      UNION
      SELECT made.id FROM access_token AS made JOIN ended ON made.parent = ended.id
    )
    DELETE FROM access_token WHERE id IN (SELECT id FROM ended)`.execute(tx);
}

/** Ends one log-in: its access tokens, what was got with them, and the refresh tokens that would bring them back. */
export async function endFamily(tx: Transaction<Schema>, family: string): Promise<void> {
  await endTokens(tx, sql<boolean>`family = ${family}`);
  await tx.deleteFrom('refresh_token').where('family', '=', family).execute();
}

/** Ends every log-in of an account, with those that it has agreed to and no program has begun yet. Personal tokens stay. */
export async function endLogins(tx: Transaction<Schema>, account: string): Promise<void> {
  await sql`DELETE FROM one_time WHERE kind IN ('authorization-code', 'device-code')
    AND coalesce(payload ->> '$.account', payload ->> '$.answer.account') = ${account}`.execute(tx);
  await endTokens(tx, sql<boolean>`account = ${account} AND kind IN ('login', 'session')`);
  await tx.deleteFrom('refresh_token').where('account', '=', account).execute();
}

/** Ends whatever was got with any token of an account and stands for somebody else. */
export const endGotWith = (tx: Transaction<Schema>, account: string): Promise<void> =>
  endTokens(
    tx,
    sql<boolean>`account IS NOT ${account}
      AND parent IN (SELECT id FROM access_token WHERE account = ${account})`,
  );
