import { expect, it } from 'bun:test';
import { parseSoak } from './soak.ts';

it('reads how many soaks held', () => {
  expect(parseSoak('(pass) x\n\n 3 pass\n 1 filtered out\n 0 fail\n 337 expect() calls\n')).toEqual({
    passed: 3,
    checks: 337,
  });
});

it('does not take nothing for success', () => {
  expect(() => parseSoak(' 0 pass\n 0 fail\n')).toThrow('no soak');
});
