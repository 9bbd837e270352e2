import { expect, it } from 'bun:test';
import * as fc from 'fast-check';
import { RateBudget } from './rate-budget.ts';

it('a rate budget never lets more through than its rate and its burst, whenever they come', () => {
  const pauses = fc.array(fc.nat({ max: 500 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(
      pauses,
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 20 }),
      (list, perSecond, burst) => {
        let now = 0;
        const budget = new RateBudget({ now: () => now, perSecond, burst });
        const sent = list.map((pause) => {
          now += pause;
          return now + budget.take(Number.POSITIVE_INFINITY).waitMs;
        });

        for (const [index, at] of sent.entries())
          expect(index + 1).toBeLessThanOrEqual(burst + Math.floor((at * perSecond) / 1000 + 1e-6));
      },
    ),
  );
});

it('a rate budget takes nothing when the wait would be too long', () => {
  const budget = new RateBudget({ now: () => 0, perSecond: 1, burst: 1 });

  const taken = [0, 500, 500, 1000].map((longest) => budget.take(longest));

  expect(taken).toEqual([
    { waitMs: 0, taken: true },
    { waitMs: 1000, taken: false },
    { waitMs: 1000, taken: false },
    { waitMs: 1000, taken: true },
  ]);
});
