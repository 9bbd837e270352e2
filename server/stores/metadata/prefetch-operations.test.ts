import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { PrefetchReport } from '../../core/prefetch.ts';
import type { OperationDraft } from '../../core/resources.ts';
import { PREFETCH_LEASE, PrefetchOperations } from './prefetch-operations.ts';
import { StoredOperations } from './resources/operations.ts';
import { ACT } from '../../testing/an-act.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../../testing/temporary-database.ts';

let temporary: TemporaryDatabase;
let now = 1_000_000;
let store: PrefetchOperations;
beforeAll(async () => {
  temporary = await temporaryDatabase();
  store = new PrefetchOperations(temporary.database, () => now);
});
afterAll(() => temporary[Symbol.asyncDispose]());

const ADDRESS = { project: 'p', location: 'us', repository: 'r' };
const NOTHING: PrefetchReport = {
  done: false,
  total: 2,
  fetched: 0,
  present: 0,
  failed: 0,
  failures: [],
  interrupted: false,
};
const draftOf = (id: string): OperationDraft<PrefetchReport> => ({
  id,
  account: 'user:a',
  body: ({ done }) => ({ done }),
});
const begin = (id: string) =>
  store.begin(ADDRESS, { artifacts: ['a:1', 'b:2'], act: ACT, draft: draftOf(id) }, NOTHING);

test('is had by who began it for as long as it says so, and then by one other', async () => {
  await begin('first');
  expect(await store.takeUp()).toBeUndefined();
  now += PREFETCH_LEASE - 1;
  expect(await store.renew({ id: 'first', begun: 1 })).toBe(true);
  now += PREFETCH_LEASE - 1;
  expect(await store.takeUp()).toBeUndefined();

  now += 2;
  const [one, other] = await Promise.all([store.takeUp(), store.takeUp()]);
  expect([one ?? other, one && other]).toEqual([
    { id: 'first', account: 'user:a', begun: 2, artifacts: ['a:1', 'b:2'], address: ADDRESS },
    undefined,
  ]);
  await store.note(draftOf('first'), { ...NOTHING, done: true }, { begun: 2 });
  now += 10 * PREFETCH_LEASE;
  expect(await store.takeUp()).toBeUndefined();
  const at = { project: 'p', location: 'us', id: 'first' };
  expect((await new StoredOperations(temporary.database, () => now).get(at))?.body).toEqual({ done: true });
});

test('is not changed by who slept until another took it up', async () => {
  await begin('slept');
  const slept = { id: 'slept', begun: 1 };
  now += PREFETCH_LEASE + 1;
  expect(await store.takeUp()).toMatchObject({ id: 'slept', begun: 2 });
  expect([await store.renew(slept), await store.release(slept)]).toEqual([false, false]);
  expect(await store.note(draftOf('slept'), { ...NOTHING, done: true }, slept)).toBe(false);
  const at = { project: 'p', location: 'us', id: 'slept' };
  expect((await new StoredOperations(temporary.database, () => now).get(at))?.body).toEqual({ done: false });
  expect(await store.takeUp()).toBeUndefined();
  expect(await store.note(draftOf('slept'), { ...NOTHING, done: true }, { begun: 2 })).toBe(true);
});

test('that is released is free at once, and does not count as begun', async () => {
  await begin('released');
  await store.release({ id: 'released', begun: 1 });
  expect(await store.takeUp()).toMatchObject({ id: 'released', begun: 1 });
});

test('is taken up though the clock was put back', async () => {
  await begin('later');
  await store.note(draftOf('released'), { ...NOTHING, done: true }, { begun: 1 });
  now -= 10 * PREFETCH_LEASE;
  expect(await store.takeUp()).toMatchObject({ id: 'later' });
});
