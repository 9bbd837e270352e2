import { expect, test } from 'bun:test';
import { TimedBatch } from './timed-batch.ts';

const HOUR = 3_600_000;

test('what waits is written together, in its order, and nothing twice', async () => {
  const lots: (readonly number[])[] = [];
  const batch = new TimedBatch<number>({
    capacity: 10,
    delayMs: HOUR,
    write: async (lot) => void lots.push(lot),
  });
  for (const one of [1, 2, 3]) batch.add(one);
  await batch.flush();
  await batch.flush();
  batch.add(4);
  await batch[Symbol.asyncDispose]();
  expect(lots).toEqual([[1, 2, 3], [4]]);
});

test('one lot is written after another, and what does not fit is counted', async () => {
  const said: string[] = [];
  const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const batch = new TimedBatch<number>({
    capacity: 2,
    delayMs: HOUR,
    async write(lot, unfit) {
      said.push(`begins ${lot.join(' ')}, ${unfit} did not fit`);
      begun.resolve();
      if (lot.includes(1)) await gate.promise;
      said.push('ends');
    },
  });
  for (const one of [1, 2, 3]) batch.add(one);
  const first = batch.flush();
  await begun.promise;
  batch.add(4);
  const second = batch.flush();
  gate.resolve();
  await Promise.all([first, second]);
  expect(said).toEqual(['begins 1 2, 1 did not fit', 'ends', 'begins 4, 0 did not fit', 'ends']);
});

test('it is written by itself after a while', async () => {
  const written = Promise.withResolvers<readonly number[]>();
  const batch = new TimedBatch<number>({
    capacity: 10,
    delayMs: 1,
    write: async (lot) => written.resolve(lot),
  });
  batch.add(1);
  expect(await written.promise).toEqual([1]);
});
