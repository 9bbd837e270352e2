import { expect, it } from 'bun:test';
import { combine } from './questions.ts';

it('puts measures of the same rounds together', () => {
  const before = new Map([['a', [{ x: 1 }, { x: 2 }]]]);
  const after = new Map([
    ['a', [{ y: 3 }, { y: 4 }]],
    ['b', [{ y: 5 }]],
  ]);

  expect([...combine(before, after)]).toEqual([
    [
      'a',
      [
        { x: 1, y: 3 },
        { x: 2, y: 4 },
      ],
    ],
    ['b', [{ y: 5 }]],
  ]);
});
