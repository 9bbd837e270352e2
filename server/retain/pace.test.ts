import { expect, test } from 'bun:test';
import { Pace } from './pace.ts';

function lab(took: () => number) {
  let now = 0;
  const pauses: number[] = [];
  let checkpoints = 0;
  const pace = new Pace({
    elapsed: () => now,
    pause: async (milliseconds) => void pauses.push(milliseconds),
    checkpoint: () => void (checkpoints += 1),
  });
  const once = async () => {
    await pace.transaction(async () => void (now += took()));
    await pace.rest();
  };
  return { pace, once, pauses, checkpoints: () => checkpoints };
}

test('transactions that take too long are followed by smaller ones, down to some rows, and brief ones by larger ones, up to some', async () => {
  let took = 30;
  const { pace, once } = lab(() => took);
  const before = pace.rows;
  await once();
  expect(pace.rows).toBe(before);
  for (let count = 0; count < 2; count += 1) await once();
  expect(pace.rows).toBeLessThan(before);
  for (let count = 0; count < 20; count += 1) await once();
  const fewest = pace.rows;
  expect(fewest).toBeGreaterThan(0);

  took = 1;
  await once();
  expect(pace.rows).toBeGreaterThan(fewest);
  for (let count = 0; count < 100; count += 1) await once();
  const most = pace.rows;
  await once();
  expect(pace.rows).toBe(most);
});

test('one that took far too long is enough', async () => {
  const { pace, once } = lab(() => 500);
  const before = pace.rows;
  await once();
  expect(pace.rows).toBeLessThan(before);
});

test('others get as much time as it took, but for what it spent waiting', async () => {
  let took = 3;
  const { once, pauses } = lab(() => took);
  await once();
  took = 900;
  await once();
  expect(pauses[0]).toBe(3);
  expect(pauses[1]).toBeLessThan(100);
});

test('what was committed is moved to its place now and then, between transactions', async () => {
  const { once, checkpoints } = lab(() => 1);
  for (let count = 0; count < 100; count += 1) await once();
  expect(checkpoints()).toBeGreaterThan(4);
  expect(checkpoints()).toBeLessThan(51);
});
