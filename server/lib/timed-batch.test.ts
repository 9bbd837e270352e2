import { expect, test } from 'bun:test';
import { TimedBatch } from './timed-batch.ts';

const HOUR = 3_600_000;
const failed = (_lot: readonly number[], cause: unknown): never => {
  throw cause;
};

test('what waits is written together, in its order, and nothing twice', async () => {
  const lots: (readonly number[])[] = [];
  const batch = new TimedBatch<number>({
    capacity: 10,
    delayMs: HOUR,
    write: async (lot) => void lots.push(lot),
    failed,
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
    failed,
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
    failed,
  });
  batch.add(1);
  expect(await written.promise).toEqual([1]);
});

test('a lot that cannot be written is told of, and what comes later is written', async () => {
  const written: number[] = [];
  const failures: unknown[] = [];
  const batch = new TimedBatch<number>({
    capacity: 10,
    delayMs: HOUR,
    async write(lot) {
      if (lot.includes(1)) throw new Error('no room');
      written.push(...lot);
    },
    failed: (lot, cause) => void failures.push([lot, cause]),
  });
  batch.add(1);
  await batch.flush();
  batch.add(2);
  await batch.flush();
  expect(failures).toEqual([[[1], new Error('no room')]]);
  expect(written).toEqual([2]);
});
