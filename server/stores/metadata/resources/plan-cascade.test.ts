import { expect, test } from 'bun:test';
import { sql } from 'kysely';
import { failureOf } from '../../../testing/failure-of.ts';
import { temporaryDatabase } from '../../../testing/temporary-database.ts';
import { RepositoryTables } from '../repository-directory.ts';
import { planCascade } from './plan-cascade.ts';

/** An index of so many images, each of which a tag keeps. */
async function indexOf(parts: number) {
  const temporary = await temporaryDatabase();
  const { database } = temporary;
  const directory = new RepositoryTables(database, () => 1);
  await directory.ensureProject('p');
  const { id } = await directory.create({ project: 'p', location: 'us', repository: 'r' }, 'DOCKER');
  const numbers = sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${parts})`;
  await database.transaction(async (tx) => {
    await sql`INSERT INTO package (id, repository_id, name, created_at, updated_at)
      VALUES (1, ${id}, 'app', 1, 1)`.execute(tx);
    await sql`INSERT INTO version (id, package_id, repository_id, name, attributes, size, created_at, updated_at)
      VALUES (1, 1, ${id}, 'index', '{}', 1, 1, 1)`.execute(tx);
    await sql`${numbers} INSERT INTO version
        (id, package_id, repository_id, name, attributes, size, created_at, updated_at)
      SELECT i + 1, 1, ${id}, 'part' || i, '{}', 1, 1, 1 FROM n WHERE true`.execute(tx);
    await sql`${numbers} INSERT INTO tag (package_id, name, version_id, created_at, updated_at)
      SELECT 1, 'v' || i, i + 1, 1, 1 FROM n WHERE true`.execute(tx);
    await sql`${numbers} INSERT INTO version_link (package_id, kind, target, version, version_id)
      SELECT 1, 'child', 'part' || i, 'index', 1 FROM n WHERE true`.execute(tx);
  });
  return {
    plan: () => planCascade(database.read, 1, 'index'),
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  };
}

test('what stays is listed', async () => {
  await using index = await indexOf(50);
  const { deleted, kept } = await index.plan();
  expect([deleted.length, kept.length]).toEqual([1, 50]);
});

test('more than can be looked at in one transaction is refused, also where it would stay', async () => {
  await using index = await indexOf(2_001);
  expect(await failureOf(index.plan())).toMatchObject({
    reason: 'CASCADE_TOO_LARGE',
    message:
      'more than 2000 versions belong to index, and to what goes with it: delete the package, or let a cleanup policy do it',
  });
});
