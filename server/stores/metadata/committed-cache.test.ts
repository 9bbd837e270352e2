import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporary } from '../../testing/harness.ts';
import { CommittedCache } from './committed-cache.ts';
import { MetadataDatabase } from './database.ts';

const commitIn = (into: MetadataDatabase, id: string) =>
  into.transaction((tx) =>
    tx
      .insertInto('project')
      .values({ id, number: id.length, display_name: id, created_at: 0, updated_at: 0 })
      .execute(),
  );

/** `alone`: no other process has the database. */
describe.each(['alone', 'shared'] as const)('what was read from a database that is %s', (how) => {
  let directory: string;
  let database: MetadataDatabase;
  let other: MetadataDatabase;
  let reads: number;
  let cache: CommittedCache<string>;
  beforeEach(async () => {
    directory = await temporary();
    const path = join(directory, 'entrepot.db');
    database = await MetadataDatabase.open(path, { shared: how === 'shared' });
    other = await MetadataDatabase.open(path, { shared: true });
    reads = 0;
    cache = new CommittedCache(database);
  });
  afterEach(async () => {
    await other[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  const get = (key = 'key'): string =>
    cache.get(key, () => {
      reads += 1;
      return `read ${reads}`;
    });
  test('is remembered while nothing is committed', () => {
    expect([get(), get(), get('other'), get()]).toEqual(['read 1', 'read 1', 'read 2', 'read 1']);
  });

  test('is read again after a commit', async () => {
    get();
    await commitIn(database, 'a');
    expect([get(), get()]).toEqual(['read 2', 'read 2']);
    await commitIn(database, 'bb');
    expect(get()).toBe('read 3');
  });

  if (how === 'shared')
    test('is read again after a commit of another process', async () => {
      get();
      await commitIn(other, 'a');

      expect([get(), get()]).toEqual(['read 2', 'read 2']);
    });

  test('is forgotten once much was asked for, however few the questions', () => {
    get();
    for (let at = 0; at < 2_000; at += 1) cache.get(`${at} ${'long'.repeat(2_000)}`, () => 'x');
    expect(get()).toBe('read 2');
  });

  test('may be nothing, and that is remembered too', () => {
    const nothing = new CommittedCache<null>(database);
    let asked = 0;
    const ask = () =>
      nothing.get('absent', () => {
        asked += 1;
        return null;
      });

    expect([ask(), ask(), asked]).toEqual([null, null, 1]);
  });

  test('is given up before there is too much of it', () => {
    for (let key = 0; key < 30_000; key += 1) get(`key ${key}`);
    const before = reads;

    get('key 0');

    expect(reads).toBe(before + 1);
  });
});
