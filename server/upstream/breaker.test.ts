import { describe, expect, it } from 'bun:test';
import { Breaker } from './breaker.ts';

/** Times are in milliseconds from a moment that is 0. */
function lab() {
  const clock = { now: 0 };
  const breaker = new Breaker({ now: () => clock.now, failures: 2, openMs: 100, longestOpenMs: 350 });
  const open = (): void => {
    for (let each = 0; each < 2; each += 1) breaker.failed('no');
  };
  return { clock, breaker, open };
}

describe('a breaker', () => {
  it('is not held open by requests that were under way when it opened', () => {
    const { clock, breaker, open } = lab();
    open();
    clock.now = 50;

    breaker.failed('no, either');

    expect(breaker.health()).toMatchObject({ circuit: 'open', failures: 3, retryAt: 100 });
  });

  it('is closed by a success of such a request', () => {
    const { breaker, open } = lab();
    open();

    breaker.succeeded();

    expect(breaker.health()).toEqual({
      circuit: 'closed',
      failures: 0,
      lastFailure: { at: 0, message: 'no' },
      lastSuccess: 0,
    });
  });

  it('waits twice as long each time, but not for ever, and begins anew after a success', () => {
    const { clock, breaker, open } = lab();
    open();
    const waits: number[] = [];
    for (let each = 0; each < 4; each += 1) {
      const { retryAt = 0 } = breaker.health();
      waits.push(retryAt - clock.now);
      clock.now = retryAt;
      breaker.admit();
      breaker.failed('no');
    }
    breaker.succeeded();
    open();

    expect(waits).toEqual([100, 200, 350, 350]);
    expect(breaker.health().retryAt).toBe(clock.now + 100);
  });

  it('lets one request find out, and the next when that says nothing', () => {
    const { clock, breaker, open } = lab();
    open();
    clock.now = 100;

    const first = [breaker.admit(), breaker.admit()];
    breaker.undecided();

    expect([...first, breaker.admit()]).toEqual([true, false, true]);
  });

  it('opens again when what found out began to answer and broke off', () => {
    const { clock, breaker, open } = lab();
    open();
    clock.now = 100;
    breaker.admit();
    breaker.answered();

    breaker.failed('cut off');

    expect(breaker.health()).toMatchObject({ circuit: 'open', retryAt: 300 });
  });
});
