import { expect, it } from 'bun:test';
import { type Contender, interleave } from './rounds.ts';

it('takes turns and forgets the warm-up', async () => {
  const turns: string[] = [];
  const contender = (name: string): Contender => ({
    name,
    round: () => Promise.resolve({ turn: turns.push(name) }),
  });

  const samples = await interleave({ counted: 2, warmUp: 1 }, [contender('a'), contender('b')], () => {});

  expect(turns).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  expect([...samples]).toEqual([
    ['a', [{ turn: 3 }, { turn: 5 }]],
    ['b', [{ turn: 4 }, { turn: 6 }]],
  ]);
});
