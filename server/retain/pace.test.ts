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
  return { once, pauses, checkpoints: () => checkpoints };
}

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
