import { describe, expect, it } from 'bun:test';
import { failureOf } from '../testing/failure-of.ts';
import { Turns } from './turns.ts';

const never = new AbortController().signal;

describe('turns', () => {
  it('are sixteen at once for a host, and handed on when one ends', async () => {
    const turns = new Turns();
    const held = await Promise.all(Array.from({ length: 16 }, () => turns.of('a', never)));
    let had = false;
    const next = turns.of('a', never).then((turn) => {
      had = true;
      return turn;
    });
    const [other] = await Promise.all([turns.of('b', never), Promise.resolve()]);
    expect(had).toBe(false);

    held[0]?.[Symbol.dispose]();
    const turn = await next;

    expect(had).toBe(true);
    for (const each of [...held.slice(1), turn, other]) each[Symbol.dispose]();
    await Promise.all(Array.from({ length: 16 }, () => turns.of('a', never)));
  });

  it('end once, however often that is said', async () => {
    const turns = new Turns({ atOnce: 2, patienceMs: 50 });
    const [first] = await Promise.all([turns.of('a', never), turns.of('a', never)]);
    for (let times = 0; times < 2; times += 1) first[Symbol.dispose]();
    await turns.of('a', never);

    expect(await failureOf(turns.of('a'))).toEqual(new Error('no turn came'));
  });

  it('are given up by whoever is late, and go to the next', async () => {
    const turns = new Turns();
    const held = await Promise.all(Array.from({ length: 16 }, () => turns.of('a', never)));
    const late = new AbortController();
    const gaveUp = turns.of('a', late.signal);
    const patient = turns.of('a', never);
    late.abort(new Error('late'));
    expect(gaveUp).rejects.toThrow('late');

    held[0]?.[Symbol.dispose]();

    expect(await patient).toBeDefined();
  });
});
