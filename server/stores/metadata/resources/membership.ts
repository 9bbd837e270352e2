import { sql, type Transaction } from 'kysely';
import { RegistryError } from '../../../core/error.ts';
import { type RepositoryAddress, repositoryName } from '../../../core/repository.ts';
import type { Schema } from '../schema.ts';

const MOST_NAMED = 3;

/**
 * FAILED_PRECONDITION while a virtual repository of the same project is made of it: without it, what others call by its names
 * would be theirs. Those of other projects hold nothing here; they fail until they are made of something else.
 */
export async function requireNoMembership(
  tx: Transaction<Schema>,
  address: RepositoryAddress,
): Promise<void> {
  const name = repositoryName(address);
  const rows = await tx
    .selectFrom('repository')
    .select(['project', 'location', 'name as repository'])
    .where('project', '=', address.project)
    .where('mode', '=', 'VIRTUAL_REPOSITORY')
    .where(
      sql<boolean>`EXISTS (
        SELECT 1 FROM json_each(repository.config, '$.virtualRepositoryConfig.upstreamPolicies')
        WHERE json_extract(value, '$.repository') = ${name})`,
    )
    .orderBy('location')
    .orderBy('name')
    .limit(MOST_NAMED + 1)
    .execute();
  if (rows.length === 0) return;
  const named = rows.slice(0, MOST_NAMED).map(repositoryName);
  const others = rows.length > MOST_NAMED ? ' and others' : '';
  throw new RegistryError(
    'FAILED_PRECONDITION',
    'MEMBER_IN_USE',
    `${name} is a member of ${named.join(', ')}${others}; take it out of their upstreamPolicies first`,
    { details: { virtualRepository: named[0] ?? '' } },
  );
}
