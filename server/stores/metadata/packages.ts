import { type Transaction, sql } from 'kysely';
import type { Attributes, PublishPlan } from '../../core/catalog.ts';
import type { Schema } from './schema.ts';

interface PackageWanted {
  readonly repositoryId: number;
  readonly name: string;
  readonly now: number;
  /** Whether a version comes with it; without one the package is not listed. */
  readonly published: boolean;
}

/** The package's row id; made when it is not there, and its repository's for good once something is published. */
export async function ensurePackage(tx: Transaction<Schema>, wanted: PackageWanted): Promise<number> {
  const published = wanted.published ? wanted.now : null;
  const { id } = await tx
    .insertInto('package')
    .values({
      repository_id: wanted.repositoryId,
      name: wanted.name,
      created_at: wanted.now,
      updated_at: wanted.now,
      published_at: published,
    })
    .onConflict((conflict) =>
      conflict.columns(['repository_id', 'name']).doUpdateSet({
        published_at: sql`coalesce(package.published_at, ${published})`,
        updated_at: wanted.published ? wanted.now : sql`package.updated_at`,
      }),
    )
    .returning('id')
    .executeTakeFirstOrThrow();
  if (wanted.published)
    await tx
      .insertInto('owned_name')
      .values({ repository_id: wanted.repositoryId, name: wanted.name })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  return id;
}

/** Gives the package attributes made of what they were, and text to be found by. */
export async function describePackage(
  tx: Transaction<Schema>,
  packageId: number,
  { describe, searchText }: Pick<PublishPlan, 'describe' | 'searchText'>,
): Promise<void> {
  if (!describe && searchText === undefined) return;
  const row = await tx
    .selectFrom('package')
    .select(['name', 'repository_id', 'attributes'])
    .where('id', '=', packageId)
    .executeTakeFirstOrThrow();
  if (describe) {
    const attributes = JSON.stringify(describe(JSON.parse(row.attributes) as Attributes));
    if (attributes !== row.attributes)
      await tx.updateTable('package').set({ attributes }).where('id', '=', packageId).execute();
  }
  if (searchText === undefined) return;
  await tx.deleteFrom('package_text').where('rowid', '=', packageId).execute();
  await tx
    .insertInto('package_text')
    .values({ rowid: packageId, repository: row.repository_id, name: row.name, text: searchText })
    .execute();
}
