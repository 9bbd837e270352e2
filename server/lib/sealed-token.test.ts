import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { TokenSealer } from './sealed-token.ts';

const key = new Uint8Array(32).fill(7);
const sealer = new TokenSealer(key, 'upload');
const bound = [1, 'image', 'admin'] as const;

describe('a sealed token', () => {
  test('is opened by who sealed it, and says what was put in', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (payload, to) => {
        expect(JSON.stringify(sealer.open(sealer.seal(payload, to), to))).toBe(JSON.stringify(payload));
      }),
    );
  });

  test('fits into a URL as it is', () => {
    expect(sealer.seal({ a: '??>>//++' }, bound)).toMatch(/^[\w.-]+$/);
  });

  test.each([
    ['another key', new TokenSealer(new Uint8Array(32).fill(8), 'upload'), bound],
    ['another purpose', new TokenSealer(key, 'page'), bound],
    ['another repository', sealer, [2, 'image', 'admin']],
    ['another image', sealer, [1, 'images', 'admin']],
    ['another account', sealer, [1, 'image', '']],
    ['names that only join alike', sealer, [1, 'imageadmin', '']],
    ['nothing', sealer, undefined],
  ] as const)('is nothing to %s', (_, other, to) => {
    expect(other.open(sealer.seal('secret', bound), to)).toBeUndefined();
  });

  test('is nothing when anything in it is changed', () => {
    const token = sealer.seal(['id', 123], bound);
    fc.assert(
      fc.property(
        fc.nat(token.length - 1),
        fc.constantFrom('A', 'B', 'a', 'z', '0', '9', '-', '_', '.'),
        (at, letter) => {
          const changed = token.slice(0, at) + letter + token.slice(at + 1);
          // The last letter of base64url has bits that say nothing.
          fc.pre(changed !== token && at !== token.length - 1);
          expect(sealer.open(changed, bound)).toBeUndefined();
        },
      ),
    );
  });

  test('is nothing when it is cut, doubled or made up', () => {
    const token = sealer.seal('x', bound);
    for (const other of [
      '',
      '.',
      '..',
      token.slice(0, -2),
      `${token}.`,
      `${token}.${token}`,
      `x${token}`,
      token.split('.')[0] ?? '',
    ])
      expect(sealer.open(other, bound)).toBeUndefined();
    fc.assert(fc.property(fc.string(), (text) => sealer.open(text, bound) === undefined));
  });
});
