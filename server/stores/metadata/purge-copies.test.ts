import { afterAll, beforeAll, expect, test } from 'bun:test';
import { failureOf } from '../../testing/failure-of.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../../testing/temporary-database.ts';
import { purgeInSteps } from './purge-copies.ts';
import { RepositoryTables } from './repository-directory.ts';
import { STEP } from './resources/in-steps.ts';
import type { Transactions } from './transactions.ts';

let temporary: TemporaryDatabase;
beforeAll(async () => {
  temporary = await temporaryDatabase();
  await new RepositoryTables(temporary.database, now).ensureProject('p');
});
afterAll(() => temporary[Symbol.asyncDispose]());

const now = () => 1_000;
/** More than a step takes out. */
const MANY = STEP + 100;
const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const dates = { created_at: 1, updated_at: 1 };

/** A remote repository with a package of many versions, of two files each, and as many layers. */
async function filled(repository: string) {
  const address = { project: 'p', location: 'us', repository };
  const { id } = await new RepositoryTables(temporary.database, now).create(address, 'DOCKER');
  await temporary.database.transaction(async (tx) => {
    await tx
      .insertInto('blob')
      .values({ digest: DIGEST, size: 1, generation: 'g', state: 'live', created_at: 1 })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const row = { repository_id: id, name: 'pkg', published_at: 1, ...dates };
    const { id: pkg } = await tx.insertInto('package').values(row).returning('id').executeTakeFirstOrThrow();
    const common = { repository_id: id, package_id: pkg, blob_digest: DIGEST, ...dates };
    for (let n = 0; n < MANY; n += 1) {
      const version = await tx
        .insertInto('version')
        .values({ package_id: pkg, repository_id: id, name: `v${n}`, attributes: '{}', size: 0, ...dates })
        .returning('id')
        .executeTakeFirstOrThrow();
      const files = [
        { ...common, path: `${n}/a`, version_id: version.id },
        { ...common, path: `${n}/b`, version_id: version.id },
        { ...common, path: `${n}/layer` },
      ];
      await tx.insertInto('file').values(files).execute();
      const state = { repository_id: id, what: `file ${n}/a`, validated_at: 1 };
      await tx.insertInto('upstream_state').values(state).execute();
    }
  });
  return id;
}

const left = async (id: number, table: 'file' | 'version' | 'package' | 'upstream_state') =>
  (await temporary.database.read.selectFrom(table).selectAll().where('repository_id', '=', id).execute())
    .length;

/** The same database, which tells of each commit, and of what was recorded with it. */
function told(each: (recorded: unknown) => Promise<void>): Transactions {
  const { database } = temporary;
  return {
    reading: database.reading,
    read: database.read,
    broken: undefined,
    soon: (before) => database.soon(before),
    changes: () => database.changes(),
    transaction: async (work, recorded) => {
      const result = await database.transaction(work);
      await each(recorded?.(result));
      return result;
    },
  };
}

test.each([undefined, 'pkg'])('all of %p goes in steps, versions with their files', async (pkg) => {
  const id = await filled(`steps-${pkg}`);
  const records: unknown[] = [];
  let before = (await left(id, 'version')) + (await left(id, 'file'));
  const database = told(async (recorded) => {
    records.push(recorded);
    const { read } = temporary.database;
    const halves = await read
      .selectFrom('version')
      .innerJoin('file', 'file.version_id', 'version.id')
      .where('version.repository_id', '=', id)
      .groupBy('version.id')
      .having((row) => row.fn.countAll(), '<>', 2)
      .select('version.id')
      .execute();
    expect(halves).toEqual([]);
    const after = (await left(id, 'version')) + (await left(id, 'file'));
    expect(before - after).toBeLessThanOrEqual(STEP * 4);
    before = after;
  });
  const files = MANY * 3;
  expect(await purgeInSteps(database, { repositoryId: id, now: 2, id: 'x' }, pkg)).toEqual({
    files,
    indexes: 0,
  });
  expect(records.length).toBeGreaterThan(2);
  expect(records.at(-1)).toEqual({ response: { files, indexes: 0 } });
  expect(new Set(records.slice(0, -1).map((record) => JSON.stringify(record)))).toEqual(
    new Set(['{"part":"step"}']),
  );
  for (const table of ['file', 'version', 'package'] as const) expect(await left(id, table)).toBe(0);
  // That it was purged, and what is not of the package.
  expect(await left(id, 'upstream_state')).toBe(pkg === undefined ? 1 : MANY + 1);
});

test('what is fetched meanwhile stays, and waits for what it shares', async () => {
  const id = await filled('meanwhile');
  let fetched = false;
  const database = told(async () => {
    if (fetched) return;
    fetched = true;
    await temporary.database.transaction(async (tx) => {
      const { id: pkg } = await tx
        .selectFrom('package')
        .select('id')
        .where('repository_id', '=', id)
        .executeTakeFirstOrThrow();
      const version = await tx
        .insertInto('version')
        .values({ package_id: pkg, repository_id: id, name: 'new', attributes: '{}', size: 0, ...dates })
        .returning('id')
        .executeTakeFirstOrThrow();
      const layer = await tx
        .selectFrom('file')
        .select('id')
        .where('repository_id', '=', id)
        .where('path', '=', '0/layer')
        .executeTakeFirstOrThrow();
      await tx.insertInto('version_use').values({ version_id: version.id, file_id: layer.id }).execute();
    });
  });
  await purgeInSteps(database, { repositoryId: id, now: 2, id: 'x' });
  expect([await left(id, 'version'), await left(id, 'package'), await left(id, 'file')]).toEqual([1, 1, 0]);
  const awaited = temporary.database.read.selectFrom('awaited_file').select('path');
  expect(await awaited.where('repository_id', '=', id).execute()).toEqual([{ path: '0/layer' }]);
});

test('what was interrupted is finished by doing it again', async () => {
  const id = await filled('interrupted');
  const purge = { repositoryId: id, now: 2, id: 'x' };
  let steps = 0;
  const killed = told(async () => {
    steps += 1;
    if (steps === 2) throw new Error('killed');
  });
  expect(await failureOf(purgeInSteps(killed, purge))).toMatchObject({ message: 'killed' });
  expect(await left(id, 'file')).toBeGreaterThan(0);
  await purgeInSteps(temporary.database, purge);
  expect(await left(id, 'file')).toBe(0);
});
