import { describe, expect, spyOn, test } from 'bun:test';
import { failureOf } from '../testing/failure-of.ts';
import { hashPassword, PasswordChecker, passwordMark } from './passwords.ts';

describe('a stored password', () => {
  test('is argon2id of its own salt, with the cost that OWASP asks for', async () => {
    const [first, second] = await Promise.all([hashPassword('secret'), hashPassword('secret')]);

    for (const hash of [first, second]) expect(hash).toStartWith('$argon2id$v=19$m=19456,t=2,p=1$');
    expect(first).not.toBe(second);
    expect(passwordMark(first)).not.toBe(passwordMark(second));
  });

  test('matches itself and nothing else, the second time too', async () => {
    const hash = await hashPassword('secret');
    const checker = new PasswordChecker();

    for (let time = 0; time < 2; time += 1) {
      expect(await checker.matches('secret', hash)).toBe(true);
      for (const wrong of ['', 'Secret', 'secret ', 'secre', hash])
        expect(await checker.matches(wrong, hash)).toBe(false);
    }
  });

  test('may be empty, or longer than any line', async () => {
    const checker = new PasswordChecker();
    for (const password of ['x'.repeat(10_000), 'päß 🔑\n\0']) {
      expect(await checker.matches(password, await hashPassword(password))).toBe(true);
      expect(await checker.matches(`${password}x`, await hashPassword(password))).toBe(false);
    }
  });

  test('is forgotten when it is changed', async () => {
    const checker = new PasswordChecker();
    const [before, after] = [await hashPassword('old'), await hashPassword('new')];
    expect(await checker.matches('old', before)).toBe(true);

    expect(await checker.matches('old', after)).toBe(false);
    expect(await checker.matches('new', after)).toBe(true);
  });

  test('is hashed once when it was right, also for several at once, and each time when it was wrong', async () => {
    const hash = await hashPassword('secret');
    const checker = new PasswordChecker();
    using hashing = spyOn(Bun.password, 'verify');

    const session = Array.from({ length: 8 }, () => checker.matches('secret', hash));
    expect(await Promise.all(session)).not.toContain(false);
    expect(await checker.matches('secret', hash)).toBe(true);
    expect(hashing).toHaveBeenCalledTimes(1);

    for (let time = 0; time < 2; time += 1) expect(await checker.matches('wrong', hash)).toBe(false);
    expect(hashing).toHaveBeenCalledTimes(3);
  });

  test('is checked beside the event loop, which goes on meanwhile', async () => {
    const hash = await hashPassword('secret');
    const order: string[] = [];
    const checked = new PasswordChecker().matches('secret', hash).then(() => order.push('checked'));

    for (let turn = 0; turn < 3; turn += 1) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      order.push('turn');
    }
    await checked;

    expect(order).toEqual(['turn', 'turn', 'turn', 'checked']);
  });

  test('of nobody takes a check that fails', async () => {
    expect(await new PasswordChecker().pretend('anything')).toBe(false);
  });

  test('is checked for only so many at once', async () => {
    const checker = new PasswordChecker();
    // A cheap hash: 66 checks of a real one take seconds.
    const hash = await Bun.password.hash('secret', { algorithm: 'argon2id', memoryCost: 8, timeCost: 1 });

    const outcomes = await Promise.allSettled(
      Array.from({ length: 70 }, (_, guess) => checker.matches(`wrong ${guess}`, hash)),
    );

    const turnedAway = outcomes.filter(({ status }) => status === 'rejected');
    expect(turnedAway).toHaveLength(4);
    expect(await failureOf(Promise.reject((turnedAway[0] as PromiseRejectedResult).reason))).toMatchObject({
      status: 429,
      reason: 'TOOMANYREQUESTS',
      headers: { 'retry-after': '2' },
    });
    expect(await checker.matches('secret', hash)).toBe(true);
  });
});
