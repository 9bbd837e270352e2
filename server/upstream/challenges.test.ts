import { describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import { parseChallenges } from './challenges.ts';

const read = (header: string) =>
  parseChallenges(header).map(({ scheme, params }) => [scheme, Object.fromEntries(params)]);

const quoted = (value: string): string => `"${value.replaceAll(/["\\]/g, '\\$&')}"`;

describe('challenges', () => {
  it.each([
    ['', []],
    ['Basic', [['basic', {}]]],
    ['Basic realm="a, b"', [['basic', { realm: 'a, b' }]]],
    [
      'Bearer realm="https://auth.test/token",service="r.test",scope="repository:a/b:pull,push"',
      [
        [
          'bearer',
          { realm: 'https://auth.test/token', service: 'r.test', scope: 'repository:a/b:pull,push' },
        ],
      ],
    ],
    [
      'Negotiate, Basic realm=x , Bearer realm="y", error=invalid_token',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
        ['bearer', { realm: 'y', error: 'invalid_token' }],
      ],
    ],
    [
      'Negotiate YWJj==, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    ['Bearer Realm = "a\\"b" , REALM="other"', [['bearer', { realm: 'a"b' }]]],
    ['Bearer realm="unfinished', [['bearer', {}]]],
    ['realm="of nothing"', [['realm', {}]]],
    ['(nonsense)', []],
  ] as const)('of %p', (header, challenges) => {
    expect(read(header)).toEqual(challenges as never);
  });

  const token = fc.stringMatching(/^[a-z][a-z0-9._-]{0,9}$/);
  const params = fc.dictionary(token, fc.string(), { maxKeys: 4, noNullPrototype: true });

  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(token, params)), (challenges) => {
        const header = challenges.map(([scheme, said]) => {
          const list = Object.entries(said).map(([name, value]) => `${name}=${quoted(value)}`);
          return `${scheme} ${list.join(', ')}`;
        });

        expect(read(header.join(', '))).toEqual(challenges.map(([scheme, said]) => [scheme, said]));
      }),
    );
  });

  it('are read to the end of whatever comes', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 200, unit: fc.constantFrom('a', 'B', ' ', '=', '"', ',', '\\', '\t', '~') }),
        (header) => {
          expect(() => parseChallenges(header)).not.toThrow();
        },
      ),
    );
  });
});
