import { type RawBuilder, sql, type Transaction } from 'kysely';
import { memberPrefixes, type WorkloadPoolAddress } from '../../core/federation.ts';
import { endTokens } from './end-tokens.ts';
import { renameMembers } from './rename-members.ts';
import type { Schema } from './schema.ts';

/** The members of bindings, anywhere, that mean identities of a pool. */
export async function membersOfPool(
  tx: Transaction<Schema>,
  address: WorkloadPoolAddress,
): Promise<readonly string[]> {
  const prefixes = await prefixesOf(tx, address);
  const { rows } = await sql<{ readonly member: string }>`
    SELECT DISTINCT member.value AS member
    FROM iam_policy, json_each(bindings) AS binding, json_each(binding.value, '$.members') AS member
    WHERE ${isOne(prefixes)} ORDER BY member`.execute(tx);
  return rows.map(({ member }) => member);
}

/** Leaves of a pool's identities, in every policy, only `deleted:` names, which mean nobody. */
export async function forgetPool(tx: Transaction<Schema>, address: WorkloadPoolAddress): Promise<void> {
  const prefixes = await prefixesOf(tx, address);
  const rename = (member: string): string =>
    prefixes.some((prefix) => member.startsWith(prefix)) ? `deleted:${member}` : member;
  await renameMembers(tx, isOne(prefixes), rename);
}

/** Ends the tokens that a provider, or any of a pool (whose name is the beginning of theirs), vouched for. */
export const endFederated = (tx: Transaction<Schema>, name: string): Promise<void> =>
  endTokens(
    tx,
    sql<boolean>`identity IS NOT NULL
      AND (identity ->> 'provider' = ${name} OR ${beginsWith(sql`identity ->> 'provider'`, `${name}/`)})`,
  );

async function prefixesOf(
  tx: Transaction<Schema>,
  { project, pool }: WorkloadPoolAddress,
): Promise<readonly string[]> {
  const row = await tx.selectFrom('project').select('number').where('id', '=', project).executeTakeFirst();
  return row ? Object.values(memberPrefixes(String(row.number), pool)) : [];
}

const isOne = (prefixes: readonly string[]): RawBuilder<boolean> =>
  sql<boolean>`(${sql.join(
    [sql`FALSE`, ...prefixes.map((prefix) => beginsWith(sql`member.value`, prefix))],
    sql` OR `,
  )})`;

const beginsWith = (text: RawBuilder<unknown>, prefix: string): RawBuilder<boolean> =>
  sql<boolean>`substr(${text}, 1, ${prefix.length}) = ${prefix}`;
