import { sql, type Transaction } from 'kysely';
import type { NewToken } from '../../core/accounts.ts';
import { RegistryError } from '../../core/error.ts';
import type { Schema } from './schema.ts';

/**
 * That what a token is made from still stands as the token is made: since it was shown, a key, an account or another
 * token may have ended, together with everything that was got with it by then. UNAUTHENTICATED if so.
 */
export async function requireBasis(
  tx: Transaction<Schema>,
  { of, key, parent }: Pick<NewToken, 'of' | 'key' | 'parent'>,
): Promise<void> {
  const account = typeof of === 'string' ? of : null;
  const { rows } = await sql<{ readonly stands: number }>`
    SELECT (${account} IS NULL OR EXISTS (SELECT 1 FROM account WHERE id = ${account} AND disabled = 0))
      AND (${key ?? null} IS NULL
        OR EXISTS (SELECT 1 FROM service_account_key WHERE id = ${key ?? null} AND disabled = 0))
      AND (${parent ?? null} IS NULL
        OR EXISTS (SELECT 1 FROM access_token LEFT JOIN account ON account.id = access_token.account
          WHERE access_token.id = ${parent ?? null} AND coalesce(account.disabled, 0) = 0)) AS stands
  `.execute(tx);
  if (rows[0]?.stands !== 1)
    throw new RegistryError(
      'UNAUTHENTICATED',
      'UNAUTHORIZED',
      'not authenticated: what was shown has ended meanwhile',
    );
}
