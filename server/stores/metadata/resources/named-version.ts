import type { Kysely } from 'kysely';
import { type RepositoryAddress, repositoryName } from '../../../core/repository.ts';
import type { Condition } from '../../../core/resources.ts';
import type { Schema } from '../schema.ts';
import { findPackage } from './places.ts';

/**
 * The row id of the version that a condition spells out, so that its rows are found by it and not looked for.
 * Nothing for a pattern, or for a name that is there in another case only.
 */
export async function namedVersion(
  db: Kysely<Schema>,
  parent: RepositoryAddress,
  { field, pattern }: Condition,
): Promise<number | undefined> {
  const below = `${repositoryName(parent)}/packages/`;
  if (field === 'name' || field === 'annotations' || pattern.includes('*') || !pattern.startsWith(below))
    return undefined;
  const [pkg = '', versions, version = '', ...more] = pattern.slice(below.length).split('/');
  if (versions !== 'versions' || more.length > 0) return undefined;
  const place = await findPackage(db, { ...parent, package: unescapeId(pkg) });
  if (!place) return undefined;
  const row = await db
    .selectFrom('version')
    .select('id')
    .where('package_id', '=', place.id)
    .where('name', '=', unescapeId(version))
    .executeTakeFirst();
  return row?.id;
}

const unescapeId = (id: string): string => id.replaceAll(/%2f/gi, '/').replaceAll('%25', '%');
