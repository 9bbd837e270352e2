import { Database } from 'bun:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { lstat, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { RegistryError } from '../../core/error.ts';
import { failureOf } from '../../testing/failure-of.ts';
import { temporary } from '../../testing/harness.ts';
import { MetadataDatabase } from './database.ts';

let directory: string;
let path: string;
let opened: MetadataDatabase[];
beforeEach(async () => {
  directory = await temporary();
  path = join(directory, 'entrepot.db');
  opened = [];
});
afterEach(async () => {
  for (const database of opened) await database[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});
const open = async (): Promise<MetadataDatabase> => {
  const database = await MetadataDatabase.open(path);
  opened.push(database);
  return database;
};
const addProject = (database: MetadataDatabase, id: string, number: number) =>
  database.transaction((tx) =>
    tx.insertInto('project').values({ id, number, display_name: id, created_at: 0, updated_at: 0 }).execute(),
  );
const projectsIn = async (database: MetadataDatabase) =>
  (await database.read.selectFrom('project').select('id').orderBy('id').execute()).map(({ id }) => id);

describe('the database', () => {
  const promised = { journal_mode: 'wal', synchronous: 2, foreign_keys: 1, mmap_size: 0 };
  const pragmas = [...Object.keys(promised), 'busy_timeout', 'journal_size_limit'] as const;

  test('is set so that what was committed stays, for the connection that writes', async () => {
    const database = await open();

    const settings = await database.transaction(async (tx) => {
      const rows: Record<string, unknown> = {};
      for (const name of pragmas) {
        const { rows: found } = await sql<Record<string, unknown>>`${sql.raw(`PRAGMA ${name}`)}`.execute(tx);
        rows[name] = Object.values(found[0] ?? {})[0];
      }
      return rows;
    });

    expect(settings).toMatchObject(promised);
    expect(settings['busy_timeout']).toBeGreaterThanOrEqual(5_000);
    expect(settings['journal_size_limit']).toBeGreaterThan(0);
  });

  test('is set so for the connection that reads, which can do nothing else', async () => {
    const { reading, read } = await open();

    const settings = Object.fromEntries(
      pragmas.map((name) => [
        name,
        Object.values(reading.query(`PRAGMA ${name}`).get() as object)[0] as unknown,
      ]),
    );

    expect(settings).toMatchObject(promised);
    expect(settings['busy_timeout']).toBeGreaterThanOrEqual(5_000);
    expect(() => reading.run("INSERT INTO project (id) VALUES ('x')")).toThrow(/readonly|read-only/i);
    expect(await failureOf(read.deleteFrom('project').execute())).toBeInstanceOf(Error);
  });

  test('is of a SQLite that loses nothing in write-ahead mode', async () => {
    const { reading } = await open();

    const { version } = reading.query('SELECT sqlite_version() AS version').get() as { version: string };

    const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
    expect(major * 1e6 + minor * 1e3 + patch).toBeGreaterThanOrEqual(3_051_003);
  });

  test('is for its owner alone', async () => {
    await open();

    for (const name of ['entrepot.db', 'entrepot.db-wal', 'entrepot.db-shm'])
      expect(((await lstat(join(directory, name))).mode & 0o777).toString(8)).toBe('600');
  });

  test('has tables that only hold what they are declared to, and rows that name what is there', async () => {
    const { reading } = await open();

    const loose = reading
      .query(
        "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'kysely%'",
      )
      .all();

    expect(loose).toEqual([]);
    expect(reading.query('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    expect(reading.query('PRAGMA foreign_key_check').all()).toEqual([]);
  });

  test('is brought up to date once, and opened again as it is', async () => {
    await addProject(await open(), 'a', 1);

    expect(await projectsIn(await open())).toEqual(['a']);
  });
});

describe('a database is refused', () => {
  test('when it is none', async () => {
    await writeFile(path, 'this is no database, and long enough to be read as one '.repeat(20));

    expect(await failureOf(MetadataDatabase.open(path))).toBeInstanceOf(Error);
    expect(await readFile(path, 'utf8')).toStartWith('this is no database');
  });

  test('when a newer server has changed it', async () => {
    await open();
    const other = new Database(path);
    other.run("INSERT INTO kysely_migration (name, timestamp) VALUES ('999-from-the-future', '2030')");
    other.close();

    const failure = (await failureOf(MetadataDatabase.open(path))) as Error;

    expect(failure.message).toContain(path);
  });
});

describe('a transaction', () => {
  test('is there for readers when it is done, and not before', async () => {
    const database = await open();

    await database.transaction(async (tx) => {
      await tx
        .insertInto('project')
        .values({ id: 'a', number: 1, display_name: '', created_at: 0, updated_at: 0 })
        .execute();
      expect(await projectsIn(database)).toEqual([]);
    });

    expect(await projectsIn(database)).toEqual(['a']);
  });

  test('that fails leaves nothing, and lets the next one in', async () => {
    const database = await open();
    const failure = new RegistryError('ABORTED', 'MINE', 'never mind');

    const failed = database.transaction(async (tx) => {
      await tx
        .insertInto('project')
        .values({ id: 'a', number: 1, display_name: '', created_at: 0, updated_at: 0 })
        .execute();
      throw failure;
    });

    expect(await failureOf(failed)).toBe(failure);
    expect(await projectsIn(database)).toEqual([]);
    await addProject(database, 'b', 2);
  });

  test('waits for the ones before it, and none is lost', async () => {
    const database = await open();

    await Promise.all(Array.from({ length: 50 }, (_, n) => addProject(database, `p${n}`, n + 1)));

    expect(await projectsIn(database)).toHaveLength(50);
    expect(database.broken).toBeUndefined();
  });

  test('that meets a full disk says so, and writes go on when there is room again', async () => {
    const database = await open();
    await database.transaction(async (tx) => void (await sql`PRAGMA max_page_count = 1`.execute(tx)));

    const large = database.transaction((tx) =>
      tx
        .insertInto('project')
        .values({ id: 'a', number: 1, display_name: 'x'.repeat(1_000_000), created_at: 0, updated_at: 0 })
        .execute(),
    );

    expect(await failureOf(large)).toMatchObject({
      code: 'UNAVAILABLE',
      reason: 'STORAGE_FULL',
      status: 507,
    });
    expect(await projectsIn(database)).toEqual([]);
    await database.transaction(async (tx) => void (await sql`PRAGMA max_page_count = 1000000`.execute(tx)));
    await addProject(database, 'b', 2);
    expect(await projectsIn(database)).toEqual(['b']);
  });
});
