import { afterEach, beforeEach, expect, test } from 'bun:test';
import { sql } from 'kysely';
import { GarbageLab } from '../../testing/garbage-lab.ts';
import { onlyRow, prepared } from './prepared.ts';

let lab: GarbageLab;
beforeEach(async () => {
  lab = await GarbageLab.open();
});
afterEach(() => lab[Symbol.asyncDispose]());

interface News {
  readonly name: string;
  readonly at: number;
}

test('a prepared query is built once, and binds what it is given each time, wherever that stands', async () => {
  let built = 0;
  const add = prepared((db, { name, at }: News) => {
    built += 1;
    return db
      .insertInto('outbox')
      .values({ name, payload: sql`${name} || '!'`, at })
      .returning(['payload', 'at']);
  });
  const write = (news: News) => lab.database.transaction((tx) => add(tx, news));

  expect((await write({ name: 'one', at: 1 })).rows).toEqual([{ payload: 'one!', at: 1 }]);
  expect((await write({ name: 'two', at: 2 })).rows).toEqual([{ payload: 'two!', at: 2 }]);
  expect(built).toBe(1);
});

test('what it changed is counted, and nothing is a row where there is none', async () => {
  const drop = prepared((db, { at }: Pick<News, 'at'>) => db.deleteFrom('outbox').where('at', '=', at));
  const { rows, changes } = await lab.database.transaction((tx) => drop(tx, { at: 7 }));

  expect({ rows, changes }).toEqual({ rows: [], changes: 0n });
  expect(() => onlyRow(rows)).toThrow(TypeError);
});
