import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { type TemporaryDatabase, temporaryDatabase } from '../../testing/temporary-database.ts';
import { OneTimeTables } from './one-time-tables.ts';

let stored: TemporaryDatabase;
let now = 0;
beforeAll(async () => {
  stored = await temporaryDatabase();
});
afterAll(async () => {
  await stored[Symbol.asyncDispose]();
});
const tables = (): OneTimeTables => new OneTimeTables(stored.database, () => now);
const fresh = (): string => crypto.randomUUID();

const add = (payload: Readonly<Record<string, unknown>>) => {
  const count = Number(payload['count']) + 1;
  return { payload: { count }, result: count };
};

describe('what is good for one use', () => {
  it('is had by one of many who take it at once', async () => {
    const one = tables();
    const hash = fresh();
    await one.put('form', hash, { a: 1 }, 10);

    const takers = Array.from({ length: 20 }, () => one.take('form', hash));
    const taken = (await Promise.all(takers)).filter((payload) => payload !== undefined);

    expect(taken).toEqual([{ a: 1 }]);
  });

  it('is put by one of many who put it at once', async () => {
    const one = tables();
    const hash = fresh();

    const puts = Array.from({ length: 20 }, () => one.put('assertion', hash, {}, 10));

    expect((await Promise.all(puts)).filter((added) => added)).toHaveLength(1);
  });

  it('is of one kind, and of none once it has expired', async () => {
    const one = tables();
    const hash = fresh();
    await one.put('form', hash, {}, 10);

    expect(await one.take('user-code', hash)).toBeUndefined();
    now = 10;
    expect(await one.read('form', hash)).toBeUndefined();
    expect(await one.take('form', hash)).toBeUndefined();
    now = 0;
    expect(await one.take('form', hash)).toEqual({});
  });

  it('is changed by one after the other', async () => {
    const one = tables();
    const hash = fresh();
    await one.put('device-code', hash, { count: 0 }, 10);
    const changes = Array.from({ length: 10 }, () => one.change('device-code', hash, add));
    const counts = await Promise.all(changes);

    expect(counts.toSorted((left, right) => Number(left) - Number(right))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
    expect(await one.read('device-code', hash)).toEqual({ count: 10 });
  });
});
