import { beforeEach, describe, expect, test } from 'bun:test';
import { RegistryError } from '../core/error.ts';
import { Clock } from '../testing/harness.ts';
import { LoginThrottle } from './login-throttle.ts';

let clock: Clock;
let throttle: LoginThrottle;
beforeEach(() => {
  clock = new Clock();
  throttle = new LoginThrottle({ now: clock.now, failures: 10, windowMs: 60_000 });
});

const fail = (times: number, user: string, peer: string): void => {
  for (let time = 0; time < times; time += 1) throttle.failed(user, peer);
};
const isAdmitted = (user: string, peer: string): boolean => {
  try {
    throttle.admit(user, peer);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ status: 429, reason: 'TOOMANYREQUESTS' });
    return false;
  }
};

describe('guessing a password', () => {
  test('is stopped after ten failures, and may go on a minute after the first', () => {
    fail(9, 'ann', 'peer');
    expect(isAdmitted('ann', 'peer')).toBe(true);
    fail(1, 'ann', 'peer');
    expect(isAdmitted('ann', 'peer')).toBe(false);

    clock.advance(59_999);
    expect(isAdmitted('ann', 'peer')).toBe(false);
    clock.advance(1);
    expect(isAdmitted('ann', 'peer')).toBe(true);
    fail(9, 'ann', 'peer');
    expect(isAdmitted('ann', 'peer')).toBe(true);
  });

  test('is stopped for a host that has another IPv6 address each time', () => {
    for (let time = 0; time < 10; time += 1) fail(1, 'ann', `2001:db8:1:2::${time}`);
    expect(isAdmitted('ann', '2001:db8:1:2:ffff::1')).toBe(false);
    expect(isAdmitted('ann', '2001:db8:1:3::1')).toBe(true);
  });

  test('says how long to wait', () => {
    fail(10, 'ann', 'peer');
    clock.advance(20_500);

    expect(() => throttle.admit('ann', 'peer')).toThrow(
      expect.objectContaining({ headers: { 'retry-after': '40' } }),
    );
  });

  test('shuts out neither others nor the same account elsewhere', () => {
    fail(10, 'ann', 'peer');

    expect([isAdmitted('bob', 'peer'), isAdmitted('ann', 'home')]).toEqual([true, true]);
  });

  test('over all accounts is stopped after a hundred from one peer', () => {
    for (let user = 0; user < 100; user += 1) throttle.failed(`user ${user}`, 'peer');

    expect([isAdmitted('someone else', 'peer'), isAdmitted('user 1', 'home')]).toEqual([false, true]);
  });

  test('is forgiven by a right password, for this account and peer', () => {
    fail(9, 'ann', 'peer');
    throttle.succeeded('ann', 'peer');
    fail(9, 'ann', 'peer');

    expect(isAdmitted('ann', 'peer')).toBe(true);
  });

  test('is not mixed up by names that only join alike', () => {
    fail(10, 'a","b', 'c');

    expect([isAdmitted('a', 'b","c'), isAdmitted('a","b', 'c')]).toEqual([true, false]);
  });
});
