import { expect, test } from 'bun:test';
import { assert, nat, property } from 'fast-check';
import { FEW, lotsInTime } from './gc-lots.ts';

/** What is taken of so many rows when each takes `each` milliseconds and there are `budgetMs`. */
function taken(rows: number, { each, budgetMs }: { readonly each: number; readonly budgetMs: number }) {
  let now = 0;
  const all = Array.from({ length: rows }, (_, index) => index);
  const lots: (readonly number[])[] = [];
  for (const lot of lotsInTime(all, { elapsed: () => now, budgetMs })) {
    lots.push(lot);
    now += lot.length * each;
  }
  return lots;
}

test('while there is time everything is taken once and in order, a few first', () => {
  assert(
    property(nat(200), (rows) => {
      const lots = taken(rows, { each: 0, budgetMs: 3 });
      expect(lots.flat()).toEqual(Array.from({ length: rows }, (_, index) => index));
      expect(lots[0]?.length ?? 0).toBeLessThanOrEqual(FEW);
    }),
  );
});

test.each([
  ['the first few are slow: no more of them', { each: 10, budgetMs: 3 }, FEW],
  ['there is no time at all: a few all the same', { each: 0, budgetMs: 0 }, FEW],
  ['time runs out in the second lot: that is the last', { each: 0.3, budgetMs: 3 }, 4 * FEW],
])('%s', (_, how, expected) => {
  expect(taken(1_000, how).flat()).toHaveLength(expected);
});
