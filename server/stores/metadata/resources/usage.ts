import { type Kysely, sql } from 'kysely';
import type { RepositoryAddress } from '../../../core/repository.ts';
import type { Listed, PackageAddress } from '../../../core/resources.ts';
import type { Correction, PartUsage, Quota, Usage, UsageResources } from '../../../core/usage.ts';
import type { Schema } from '../schema.ts';
import type { Transactions } from '../transactions.ts';
import { COUNTED, type Miscount, miscounts } from '../usage-recount.ts';
import { recounted } from '../usage-repair.ts';
import { type Keyset, keysetPage } from './keyset.ts';
import { findPackage, findRepository, packageOf, repositoryOf } from './places.ts';

type PageQuery = Parameters<UsageResources['projects']>[0];

interface Counters {
  readonly size_bytes: number;
  readonly unique_bytes: number;
  readonly version_count: number;
}
interface Limited extends Counters {
  readonly max_bytes: number | null;
  readonly max_versions: number | null;
}

export class StoredUsage implements UsageResources {
  readonly #database: Transactions;

  constructor(database: Transactions) {
    this.#database = database;
  }

  async installation(): Promise<Usage> {
    const { read } = this.#database;
    const stored = await read.selectFrom('gc_state').select('bytes').executeTakeFirstOrThrow();
    const { versions } = await read
      .selectFrom('project')
      .select(({ fn }) => fn.coalesce(fn.sum<number>('version_count'), sql<number>`0`).as('versions'))
      .executeTakeFirstOrThrow();
    return { sizeBytes: stored.bytes, versions };
  }

  async projects(query: PageQuery): Promise<Listed<PartUsage>> {
    const rows = this.#database.read.selectFrom('project').select([...COUNTERS, ...LIMITS, 'id']);
    const keyset: Keyset<Limited & { readonly id: string }> = {
      columns: ['id'],
      position: (row) => [row.id],
    };
    const page = await keysetPage(rows, keyset, { ...query, descending: false });
    return { ...page, rows: page.rows.map((row) => ({ ...part(row.id, row), quota: quotaOf(row) })) };
  }

  async project(id: string) {
    const row = await this.#database.read
      .selectFrom('project')
      .select([...COUNTERS, ...LIMITS])
      .where('id', '=', id)
      .executeTakeFirst();
    return row && { ...held(row), quota: quotaOf(row) };
  }

  async repositories(project: string, query: PageQuery): Promise<Listed<PartUsage>> {
    const rows = this.#database.read
      .selectFrom('repository')
      .select([...COUNTERS, ...LIMITS, 'location', 'name'])
      .where('project', '=', project);
    const keyset: Keyset<Limited & { readonly location: string; readonly name: string }> = {
      columns: ['location', 'name'],
      position: (row) => [row.location, row.name],
    };
    const page = await keysetPage(rows, keyset, { ...query, descending: false });
    return {
      ...page,
      rows: page.rows.map((row) => ({ ...part(`${row.location}/${row.name}`, row), quota: quotaOf(row) })),
    };
  }

  async repository(address: RepositoryAddress) {
    const { read } = this.#database;
    const id = await findRepository(read, address);
    if (id === undefined) return undefined;
    const row = await read
      .selectFrom('repository')
      .select([...COUNTERS, ...LIMITS])
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return { ...held(row), quota: quotaOf(row) };
  }

  async packages(parent: RepositoryAddress, query: PageQuery): Promise<Listed<PartUsage>> {
    const { read } = this.#database;
    const repositoryId = await repositoryOf(read, parent);
    const rows = read
      .selectFrom('package')
      .select([...COUNTERS, 'name'])
      .where('repository_id', '=', repositoryId);
    const page = await keysetPage(rows, byName(), { ...query, descending: false });
    return { ...page, rows: page.rows.map((row) => part(row.name, row)) };
  }

  async package(address: PackageAddress): Promise<Usage | undefined> {
    const { read } = this.#database;
    const place = await findPackage(read, address);
    if (!place) return undefined;
    const row = await read
      .selectFrom('package')
      .select(COUNTERS)
      .where('id', '=', place.id)
      .executeTakeFirstOrThrow();
    return held(row);
  }

  async versions(parent: PackageAddress, query: PageQuery): Promise<Listed<PartUsage>> {
    const { read } = this.#database;
    const place = await packageOf(read, parent);
    const rows = read.selectFrom('version').select(['id', 'name']).where('package_id', '=', place.id);
    const page = await keysetPage(rows, byName(), { ...query, descending: false });
    const ids = JSON.stringify(page.rows.map(({ id }) => id));
    const sizes = new Map((await sizesOf(read, place, ids)).map((row) => [row.version, row]));
    return {
      ...page,
      rows: page.rows.map(({ id, name }) => {
        const { size = 0, alone = 0 } = sizes.get(id) ?? {};
        return { id: name, sizeBytes: size, uniqueBytes: alone, versions: 1 };
      }),
    };
  }

  async recount(): Promise<readonly Correction[]> {
    // Most often nothing is wrong, and then nobody need wait.
    const wrong = COUNTED.some(
      (table) => this.#database.reading.query<Miscount, []>(miscounts(table)).get() !== null,
    );
    return this.#database.transaction(async (tx) => (wrong ? recounted(tx) : []));
  }
}

const COUNTERS = ['size_bytes', 'unique_bytes', 'version_count'] as const;
const LIMITS = ['max_bytes', 'max_versions'] as const;
const byName = <Row extends { readonly name: string }>(): Keyset<Row> => ({
  columns: ['name'],
  position: (row) => [row.name],
});

const held = (row: Pick<Counters, 'size_bytes' | 'version_count'>): Usage => ({
  sizeBytes: row.size_bytes,
  versions: row.version_count,
});

const part = (id: string, row: Counters): PartUsage => ({ id, ...held(row), uniqueBytes: row.unique_bytes });

const quotaOf = ({
  max_bytes: bytes,
  max_versions: versions,
}: Pick<Limited, 'max_bytes' | 'max_versions'>): Quota => ({
  ...(bytes !== null && { maxBytes: bytes }),
  ...(versions !== null && { maxVersions: versions }),
});

/**
 * What each of some versions of a package is made of, its own files and those that it uses, and how much of that no other
 * version of the package is.
 */
async function sizesOf(
  db: Kysely<Schema>,
  { id, repositoryId }: { readonly id: number; readonly repositoryId: number },
  versions: string,
) {
  const { rows } = await sql<{ readonly version: number; readonly size: number; readonly alone: number }>`
    WITH wanted AS (SELECT value AS version FROM json_each(${versions})),
      parts AS (
        SELECT version, file.blob_digest AS digest FROM wanted JOIN file ON file.version_id = version
        UNION
        SELECT version, file.blob_digest FROM wanted JOIN version_use ON version_use.version_id = version
          JOIN file ON file.id = version_use.file_id)
    SELECT version, sum(blob.size) AS size, sum(iif(EXISTS (
        SELECT 1 FROM file WHERE file.blob_digest = parts.digest AND file.repository_id = ${repositoryId}
          AND file.package_id = ${id} AND (file.version_id <> parts.version OR EXISTS (
            SELECT 1 FROM version_use WHERE version_use.file_id = file.id
              AND version_use.version_id <> parts.version))), 0, blob.size)) AS alone
    FROM parts JOIN blob ON blob.digest = parts.digest GROUP BY version`.execute(db);
  return rows;
}
