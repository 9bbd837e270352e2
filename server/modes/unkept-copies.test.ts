import { expect, test } from 'bun:test';
import { UnkeptCopies } from './unkept-copies.ts';

const copy = (bytes: number, purges = '') => ({ name: 's', bytes: new Uint8Array(bytes), purges });

/** Kept when `done` resolves. */
const kept = (done: Promise<void>) => () => ({ done, hurry: () => undefined });

test('a copy counts until it is kept, or copies are purged', async () => {
  const copies = new UnkeptCopies<ReturnType<typeof copy>>();
  const { promise, resolve } = Promise.withResolvers<void>();
  await copies.add('a', copy(1), kept(promise));
  expect(copies.find('a', '')).toMatchObject({ name: 's' });
  expect(copies.find('a', 'purged')).toBeUndefined();
  const waiting = Promise.all([copies.settled('a'), copies.settled('b'), copies.allSettled()]);
  resolve();
  await waiting;
  expect(copies.find('a', '')).toBeUndefined();
});

test('a copy is not forgotten for an earlier one that is kept late', async () => {
  const copies = new UnkeptCopies<ReturnType<typeof copy>>();
  const [before, after] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await copies.add('a', copy(1), kept(before.promise));
  await copies.add('a', copy(1, 'purged'), kept(after.promise));
  before.resolve();
  await before.promise;
  expect(copies.find('a', 'purged')).toBeDefined();
  after.resolve();
  await copies.allSettled();
});

test.each<readonly [string, number, number]>([
  ['large', 1, 64 * 1024 * 1024],
  ['many', 1_001, 1],
])('what is too %s to wait for in memory is kept first', async (_, count, bytes) => {
  const copies = new UnkeptCopies<ReturnType<typeof copy>>();
  const { promise, resolve } = Promise.withResolvers<void>();
  for (let n = 1; n < count; n += 1) await copies.add(`${n}`, copy(bytes), kept(promise.then()));
  if (count === 1) await copies.add('first', copy(1), kept(promise));
  let isThrough = false;
  const adding = copies.add('last', copy(bytes), kept(promise.then())).then(() => (isThrough = true));
  await Promise.resolve();
  await Promise.resolve();
  expect(isThrough).toBe(false);
  resolve();
  await adding;
});
