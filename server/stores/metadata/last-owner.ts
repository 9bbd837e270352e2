import { sql, type Transaction } from 'kysely';
import { RegistryError } from '../../core/error.ts';
import type { Schema } from './schema.ts';

/**
 * Makes a change that must leave the installation an owner: a user who can log in and has roles/owner on all of it
 * without a condition, by name or through a group. FAILED_PRECONDITION, and nothing is changed, when it would leave none.
 */
export async function keepingAnOwner<T>(tx: Transaction<Schema>, change: () => Promise<T>): Promise<T> {
  const had = await hasOwner(tx);
  const result = await change();
  if (had) await requireOwnerStays(tx);
  return result;
}

/** FAILED_PRECONDITION when there is no owner left, which the caller's transaction must not survive. */
export async function requireOwnerStays(tx: Transaction<Schema>): Promise<void> {
  if (await hasOwner(tx)) return;
  throw new RegistryError(
    'FAILED_PRECONDITION',
    'LAST_OWNER',
    'this would leave the installation without an owner who can log in: make another user an owner first',
  );
}

/** By a password, or by an identity provider through which it did before. */
const canLogIn = sql<boolean>`account.kind = 'user' AND account.disabled = 0
  AND (account.password_hash IS NOT NULL OR account.subject IS NOT NULL)`;

/** Whether anybody who can log in owns the installation. */
export async function hasOwner(tx: Transaction<Schema>): Promise<boolean> {
  const { rows } = await sql<{ readonly owner: string }>`
    WITH member (name) AS (
      SELECT member.value FROM iam_policy, json_each(iam_policy.bindings) AS binding,
        json_each(binding.value, '$.members') AS member
      WHERE iam_policy.resource = '/' AND binding.value ->> 'role' = 'roles/owner'
        AND binding.value -> 'condition' IS NULL
    )
    SELECT account.id AS owner FROM member JOIN account ON account.id = substr(member.name, 6)
      WHERE member.name LIKE 'user:%' AND ${canLogIn}
    UNION ALL
    SELECT account.id FROM member JOIN group_member ON group_member.group_id = substr(member.name, 7)
      JOIN account ON account.id = group_member.account
      WHERE member.name LIKE 'group:%' AND ${canLogIn}
    LIMIT 1`.execute(tx);
  return rows.length > 0;
}
