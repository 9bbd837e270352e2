import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { RegistryError } from '../core/error.ts';
import { matchesEtag, parseRange } from './ranges.ts';

describe('a Range header against 10 bytes', () => {
  test.each([
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=0-9', { start: 0, end: 9 }],
    ['bytes=0-', { start: 0, end: 9 }],
    ['bytes=9-', { start: 9, end: 9 }],
    ['bytes=3-99', { start: 3, end: 9 }],
    ['bytes=-1', { start: 9, end: 9 }],
    ['bytes=-10', { start: 0, end: 9 }],
    ['bytes=-11', { start: 0, end: 9 }],
    [' bytes=1-2 ', { start: 1, end: 2 }],
  ])('of %s is a part', (header, range) => {
    expect(parseRange(header, 10)).toEqual(range);
  });

  test.each([
    null,
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=0-1,2-3',
    'bytes = 0-1',
    'bytes=0 - 1',
    'bytes=1.0-2',
    'bytes=a-b',
    'bytes=+1-2',
    'items=0-1',
    'bytes=0-1;',
    'bytes=9999999999999999-',
  ])('of %j says nothing that is served in part', (header) => {
    expect(parseRange(header, 10)).toBeUndefined();
  });

  test.each(['bytes=10-', 'bytes=10-11', 'bytes=999999999999999-', 'bytes=-0', 'bytes=5-4'])(
    'of %s is outside',
    (header) => {
      expect(() => parseRange(header, 10)).toThrow(
        expect.objectContaining({ status: 416, headers: { 'content-range': 'bytes */10' } }),
      );
    },
  );

  test('against none has no part', () => {
    for (const header of ['bytes=0-0', 'bytes=0-', 'bytes=-1'])
      expect(() => parseRange(header, 0)).toThrow(expect.objectContaining({ status: 416 }));
  });

  test('is always inside, nothing, or refused in our own words', () => {
    const header = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.option(fc.nat()), fc.option(fc.nat()))
        .map(([from, to]) => `bytes=${from ?? ''}-${to ?? ''}`),
    );
    fc.assert(
      fc.property(header, fc.nat({ max: 1_000 }), (text, size) => {
        try {
          const range = parseRange(text, size);
          if (!range) return;
          expect(range.start).toBeGreaterThanOrEqual(0);
          expect(range.end).toBeGreaterThanOrEqual(range.start);
          expect(range.end).toBeLessThan(size);
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('an If-None-Match header', () => {
  const tag = '"sha256:ab"';

  test.each([tag, 'sha256:ab', `W/${tag}`, '*', ' * ', `"x",${tag}`, `"x" , W/${tag} `, 'x, sha256:ab'])(
    'of %s names the tag',
    (header) => {
      expect(matchesEtag(header, tag)).toBe(true);
    },
  );

  test.each([null, '', '"x"', 'sha256:a', '"sha256:abc"', 'SHA256:AB', '"*"', ','])(
    'of %j does not',
    (header) => {
      expect(matchesEtag(header, tag)).toBe(false);
    },
  );
});
