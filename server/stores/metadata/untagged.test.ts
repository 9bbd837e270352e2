import { afterEach, beforeEach, expect, test } from 'bun:test';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { temporary } from '../../testing/harness.ts';
import { CatalogTables, FileLookups } from './catalog-tables.ts';
import { MetadataDatabase } from './database.ts';

let folder: string;
let database: MetadataDatabase;

/** One package with the versions a, b and c; the tag `t` is on a. */
beforeEach(async () => {
  folder = await temporary();
  database = await MetadataDatabase.open(join(folder, 'metadata.db'));
  await run(
    `INSERT INTO project (id, number, display_name, created_at, updated_at) VALUES ('p', 1, '', 0, 0)`,
    `INSERT INTO repository (project, location, name, format, mode, created_at, updated_at)
       VALUES ('p', 'us', 'r', 'F', 'M', 0, 0)`,
    `INSERT INTO package (repository_id, name, created_at, updated_at, published_at)
       SELECT id, 'app', 0, 0, 0 FROM repository`,
    ...['a', 'b', 'c'].map(
      (
        name,
      ) => `INSERT INTO version (package_id, repository_id, name, attributes, size, created_at, updated_at)
        SELECT id, repository_id, '${name}', '{}', 0, 0, 0 FROM package`,
    ),
    tag('t', 'a'),
  );
});

afterEach(async () => {
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const run = (...statements: readonly string[]) =>
  database.transaction(async (tx) => {
    for (const statement of statements) await sql.raw(statement).execute(tx);
  });

const tag = (name: string, version: string) =>
  `INSERT INTO tag (package_id, name, version_id, created_at, updated_at)
     SELECT package_id, '${name}', id, 0, 0 FROM version WHERE name = '${version}'
     ON CONFLICT (package_id, name) DO UPDATE SET version_id = excluded.version_id`;

async function untagged(): Promise<readonly string[]> {
  const catalog = new CatalogTables(database, new FileLookups(database), 1);
  const { rows } = await catalog.untagged('app', { limit: 10 });
  return rows.map(({ version }) => version);
}

test('a version with a tag is not untagged', async () => {
  expect(await untagged()).toEqual(['b', 'c']);
});

test('a tag that moves leaves one version untagged and not the other', async () => {
  await run(tag('t', 'b'));

  expect(await untagged()).toEqual(['a', 'c']);
});

test('a tag set again where it was changes nothing', async () => {
  await run(tag('t', 'a'), `DELETE FROM tag WHERE name = 't'`);

  expect(await untagged()).toEqual(['a', 'b', 'c']);
});

test('a version is untagged when the last of its tags goes', async () => {
  await run(tag('u', 'a'), `DELETE FROM tag WHERE name = 't'`);
  const withOneLeft = await untagged();
  await run(`DELETE FROM tag WHERE name = 'u'`);

  expect([withOneLeft, await untagged()]).toEqual([
    ['b', 'c'],
    ['a', 'b', 'c'],
  ]);
});

test('a deleted version takes its tags along and disturbs no other', async () => {
  await run(`DELETE FROM version WHERE name = 'a'`);

  expect(await untagged()).toEqual(['b', 'c']);
});

test('untagged versions are read from their own index, however many tagged ones there are', () => {
  const plan = database.reading
    .query(`EXPLAIN QUERY PLAN SELECT name FROM version WHERE package_id = 1 AND tag_count = 0 ORDER BY name`)
    .all();

  expect(JSON.stringify(plan)).toContain('version_untagged');
});
