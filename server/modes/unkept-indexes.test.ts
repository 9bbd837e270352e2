import { expect, test } from 'bun:test';
import { UnkeptIndexes } from './unkept-indexes.ts';

const index = (bytes: number, purges = '') => ({
  source: 's',
  body: { bytes: new Uint8Array(bytes), url: '' },
  state: { validatedAt: 1 },
  purges,
});

/** Kept when `done` resolves. */
const kept = (done: Promise<void>) => () => ({ done, hurry: () => undefined });

test('an index counts until it is kept, or copies are purged', async () => {
  const indexes = new UnkeptIndexes();
  const { promise, resolve } = Promise.withResolvers<void>();
  await indexes.add('a', index(1), kept(promise));
  expect(indexes.find('a', '')).toMatchObject({ source: 's' });
  expect(indexes.find('a', 'purged')).toBeUndefined();
  const waiting = Promise.all([indexes.settled('a'), indexes.settled('b'), indexes.allSettled()]);
  resolve();
  await waiting;
  expect(indexes.find('a', '')).toBeUndefined();
});

test('an index is not forgotten for an earlier one that is kept late', async () => {
  const indexes = new UnkeptIndexes();
  const [before, after] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await indexes.add('a', index(1), kept(before.promise));
  await indexes.add('a', index(1, 'purged'), kept(after.promise));
  before.resolve();
  await before.promise;
  expect(indexes.find('a', 'purged')).toBeDefined();
  after.resolve();
  await indexes.allSettled();
});

test.each<readonly [string, number, number]>([
  ['large', 1, 64 * 1024 * 1024],
  ['many', 1_001, 1],
])('what is too %s to wait for in memory is kept first', async (_, count, bytes) => {
  const indexes = new UnkeptIndexes();
  const { promise, resolve } = Promise.withResolvers<void>();
  for (let n = 1; n < count; n += 1) await indexes.add(`${n}`, index(bytes), kept(promise.then()));
  if (count === 1) await indexes.add('first', index(1), kept(promise));
  let isThrough = false;
  const adding = indexes.add('last', index(bytes), kept(promise.then())).then(() => (isThrough = true));
  await Promise.resolve();
  await Promise.resolve();
  expect(isThrough).toBe(false);
  resolve();
  await adding;
});
