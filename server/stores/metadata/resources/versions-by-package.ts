import type { Kysely } from 'kysely';
import type { Listed, ListQuery } from '../../../core/resources.ts';
import type { Schema } from '../schema.ts';
import { type Keyset, keysetPage } from './keyset.ts';
import { selectVersions, type VersionColumns } from './version-rows.ts';

const BY_PACKAGE: Keyset<VersionColumns> = {
  columns: ['package.name', 'version.name'],
  position: (row) => [row.package, row.name],
};

type Wanted = Pick<ListQuery, 'limit' | 'after'> & { readonly descending: boolean };

/**
 * A repository's versions, package after package. What is left of the package a page ended in and what follows it
 * are two searches: compared as one pair they would be read from the package's first version every time.
 */
export async function versionsByPackage(
  db: Kysely<Schema>,
  repositoryId: number,
  { limit, after, descending }: Wanted,
): Promise<Listed<VersionColumns>> {
  const all = selectVersions(db).where('package.repository_id', '=', repositoryId);
  if (!after) return keysetPage(all, BY_PACKAGE, { limit, descending });

  const [pkg = '', version = ''] = after.map(String);
  const begun = await keysetPage(
    all.where('package.name', '=', pkg).where('version.name', descending ? '<' : '>', version),
    BY_PACKAGE,
    { limit, descending },
  );
  if (begun.next) return begun;
  // One row more than is wanted tells whether there is a next page.
  const left = limit - begun.rows.length;
  const rest = await keysetPage(all.where('package.name', descending ? '<' : '>', pkg), BY_PACKAGE, {
    limit: Math.max(left, 1),
    descending,
  });
  if (left > 0) return { ...rest, rows: [...begun.rows, ...rest.rows] };
  const last = begun.rows.at(-1);
  return rest.rows.length > 0 && last ? { ...begun, next: BY_PACKAGE.position(last) } : begun;
}
