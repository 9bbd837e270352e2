import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { LaterWork } from './later-work.ts';

let later: LaterWork;
let done: string[];
beforeEach(() => {
  later = new LaterWork();
  done = [];
});
afterEach(() => later[Symbol.dispose]());

/** Resolves when it was done. */
function add(id: string, notBefore?: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const work = async (): Promise<void> => {
    done.push(id);
    resolve();
  };
  later.add(id, work, notBefore);
  return promise;
}

/** Longer than a test goes on. */
const HOUR = 3_600_000;

describe('later work', () => {
  test('is done in the order in which it was asked for, and what is asked for again once', async () => {
    void add('first');
    void add('second');
    void add('first');
    await add('third');

    expect(done).toEqual(['first', 'second', 'third']);
  });

  test('that is held back keeps back nothing else, whether that came before, with it, or while it waits', async () => {
    const before = add('before');
    void add('held', performance.now() + HOUR);
    await Promise.all([before, add('after')]);
    await add('while it waits');

    expect(done).toEqual(['before', 'after', 'while it waits']);
  });

  test('that is held back is done when its time has come', async () => {
    const from = performance.now() + 100;
    await add('held', from);

    expect(performance.now()).toBeGreaterThanOrEqual(from);
  });

  test('that fails takes nothing with it', async () => {
    later.add('fails', () => Promise.reject(new Error('it cannot be done')));
    await add('next');

    expect(done).toEqual(['next']);
  });

  test('that has not begun is given up at the end', async () => {
    void add('given up');
    later[Symbol.dispose]();
    await add('after that');

    expect(done).toEqual(['after that']);
  });
});
