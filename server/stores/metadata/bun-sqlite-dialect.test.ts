import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { Kysely } from 'kysely';
import { failureOf } from '../../testing/failure-of.ts';
import { bunSqlite } from './bun-sqlite-dialect.ts';

interface Notes {
  readonly note: { readonly text: string };
}

test('a transaction that SQLite rolled back by itself fails with the reason, and the next one works', async () => {
  using file = new Database(':memory:');
  file.run('CREATE TABLE note (text TEXT) STRICT');
  file.run('PRAGMA max_page_count = 4');
  const db = new Kysely<Notes>({ dialect: bunSqlite(file) });
  const write = (text: string) =>
    db.transaction().execute((tx) => tx.insertInto('note').values({ text }).execute());

  const failure = await failureOf(write('x'.repeat(100_000)));
  await write('short');

  expect(failure).toMatchObject({ code: 'SQLITE_FULL' });
  expect(await db.selectFrom('note').selectAll().execute()).toEqual([{ text: 'short' }]);
});
