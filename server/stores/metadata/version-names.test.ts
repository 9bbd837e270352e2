import { afterAll, beforeAll, expect, test } from 'bun:test';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { versionNames } from '../../lib/version-names.ts';
import { temporary } from '../../testing/harness.ts';
import { CatalogTables, FileLookups } from './catalog-tables.ts';
import { MetadataDatabase } from './database.ts';

let folder: string;
let database: MetadataDatabase;
let catalog: CatalogTables;

/** One package with 5,000 versions, two of three with the attribute `mark`. */
beforeAll(async () => {
  folder = await temporary();
  database = await MetadataDatabase.open(join(folder, 'metadata.db'));
  const statements = [
    `INSERT INTO project (id, number, display_name, created_at, updated_at) VALUES ('p', 1, '', 0, 0)`,
    `INSERT INTO repository (project, location, name, format, mode, created_at, updated_at)
       VALUES ('p', 'us', 'r', 'F', 'M', 0, 0)`,
    `INSERT INTO package (repository_id, name, created_at, updated_at, published_at)
       SELECT id, 'app', 0, 0, 0 FROM repository`,
    `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4999)
       INSERT INTO version (package_id, repository_id, name, attributes, size, created_at, updated_at)
       SELECT package.id, repository_id, '"é' || (7919 * i % 5000), iif(i % 3, '{"mark":""}', '{"marks":1}'), 0, 0, 0 FROM n, package`,
  ];
  await database.transaction(async (tx) => {
    for (const statement of statements) await sql.raw(statement).execute(tx);
  });
  catalog = new CatalogTables(database, new FileLookups(database), 1);
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

test('names of versions with an attribute are those of the versions, in their order, in several lots', async () => {
  const lots = await Array.fromAsync(catalog.versionNames('app', 'mark'));

  expect(lots.length).toBeGreaterThan(1);
  expect(lots.flat()).toHaveLength(3333);
  expect(lots.flat()).toEqual((await Array.fromAsync(versionNames(catalog, 'app', 'mark'))).flat());
});

test.each([
  ['app', 'other'],
  ['another', 'mark'],
])('there are none of %s with %s', async (pkg, attribute) => {
  expect((await Array.fromAsync(catalog.versionNames(pkg, attribute))).flat()).toEqual([]);
});
