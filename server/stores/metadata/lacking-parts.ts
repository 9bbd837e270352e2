import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** What a version is made of that is not in its file: names of versions, and paths, whether or not they are here. */
export interface Parts {
  readonly versions: readonly string[];
  readonly paths: readonly string[];
}

export async function partsOf(
  db: Kysely<Schema>,
  {
    repositoryId,
    package: pkg,
    version,
  }: { readonly repositoryId: number; readonly package: string; readonly version: string },
): Promise<Parts> {
  const row = await db
    .selectFrom('version')
    .innerJoin('package', 'package.id', 'version.package_id')
    .select('version.id')
    .where('package.repository_id', '=', repositoryId)
    .where('package.name', '=', pkg)
    .where('version.name', '=', version)
    .executeTakeFirst();
  if (!row) return { versions: [], paths: [] };
  const links = await db
    .selectFrom('version_link')
    .select('target')
    .where('version_id', '=', row.id)
    .where('kind', '=', 'child')
    .execute();
  const awaited = await db
    .selectFrom('awaited_file')
    .select('path')
    .where('version_id', '=', row.id)
    .execute();
  const used = await db
    .selectFrom('version_use')
    .innerJoin('file', 'file.id', 'version_use.file_id')
    .select('file.path')
    .where('version_use.version_id', '=', row.id)
    .execute();
  return {
    versions: links.map(({ target }) => target),
    paths: [...used, ...awaited].map(({ path }) => path),
  };
}
