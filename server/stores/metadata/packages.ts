import { type Transaction, sql } from 'kysely';
import type { Schema } from './schema.ts';

interface PackageWanted {
  readonly repositoryId: number;
  readonly name: string;
  readonly now: number;
  /** Whether a version comes with it; without one the package is not listed. */
  readonly published: boolean;
}

/** The package's row id; made when it is not there, its revision counted up when something is published. */
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
        ...(wanted.published && { updated_at: wanted.now, revision: sql`package.revision + 1` }),
        ...(!wanted.published && { revision: sql`package.revision` }),
      }),
    )
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}
