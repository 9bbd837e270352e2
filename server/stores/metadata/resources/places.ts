import type { Kysely } from 'kysely';
import { notFound } from '../../../core/error.ts';
import type { RepositoryAddress } from '../../../core/repository.ts';
import type { PackageAddress } from '../../../core/resources.ts';
import type { Schema } from '../schema.ts';

/** A repository's row id. */
export async function findRepository(
  db: Kysely<Schema>,
  { project, location, repository }: RepositoryAddress,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('repository')
    .select('id')
    .where('project', '=', project)
    .where('location', '=', location)
    .where('name', '=', repository)
    .executeTakeFirst();
  return row?.id;
}

export async function repositoryOf(db: Kysely<Schema>, address: RepositoryAddress): Promise<number> {
  const id = await findRepository(db, address);
  if (id === undefined) throw notFound('REPOSITORY', { repository: address.repository });
  return id;
}

export interface PackagePlace {
  readonly id: number;
  readonly repositoryId: number;
}

/** A package that has been published to; loose files alone do not make one. */
export async function findPackage(
  db: Kysely<Schema>,
  address: PackageAddress,
): Promise<PackagePlace | undefined> {
  const repositoryId = await findRepository(db, address);
  if (repositoryId === undefined) return undefined;
  const row = await db
    .selectFrom('package')
    .select('id')
    .where('repository_id', '=', repositoryId)
    .where('name', '=', address.package)
    .where('published_at', 'is not', null)
    .executeTakeFirst();
  return row && { id: row.id, repositoryId };
}

export async function packageOf(db: Kysely<Schema>, address: PackageAddress): Promise<PackagePlace> {
  const place = await findPackage(db, address);
  if (!place) throw notFound('PACKAGE', { package: address.package });
  return place;
}
