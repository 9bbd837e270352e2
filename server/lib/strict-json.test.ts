import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { parseJsonStrictly } from './strict-json.ts';

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('JSON, read strictly,', () => {
  test('is the value that JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 20 }), (text) => {
        expect(parseJsonStrictly(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test('is nothing else: what is not JSON is a SyntaxError', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', 'a', '1', ' ', 'null') }),
        (text) => {
          let known: unknown;
          try {
            known = JSON.parse(text);
          } catch {
            expect(() => parseJsonStrictly(text)).toThrow(SyntaxError);
            return;
          }
          expect(parseJsonStrictly(text)).toEqual(known);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('finds a key that is there twice, wherever it is', () => {
    const key = fc.string({ unit: 'binary', maxLength: 5 });
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { minLength: 1, maxLength: 6 }),
        fc.nat(5),
        fc.json(),
        (keys, which, value) => {
          const entries = keys.map((name) => `${JSON.stringify(name)}:${value}`);
          const again = entries[which % entries.length] ?? '';
          expect(parseJsonStrictly(`[{${entries.join(',')}}]`)).toBeArray();
          expect(() => parseJsonStrictly(`[{${[...entries, again].join(' , ')}}]`)).toThrow(/twice/);
        },
      ),
    );
  });

  test.each([
    '{"a":1,"a":2}',
    '{"a":1,"b":{},"a":2}',
    String.raw`{"a":1,"\u0061":2}`,
    String.raw`{"\\":1,"\u005c":2}`,
    '{"x":[{"a":1,"a":1}]}',
    '{"__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
  ])('refuses %s', (text) => {
    expect(() => parseJsonStrictly(text)).toThrow(SyntaxError);
  });

  test.each([
    '{"a":{"a":1},"b":{"a":1}}',
    '{"a":"a","b":"a"}',
    '["a","a"]',
    '{"a":["a:","a"],"a:":1}',
    String.raw`{"a\"":1,"a":2,"a\\":3}`,
    String.raw`{"k":"\"a\":1,\"a\":2"}`,
  ])('takes %s, where nothing is twice', (text) => {
    expect(parseJsonStrictly(text)).toEqual(JSON.parse(text));
  });

  test('is nested 64 deep at most', () => {
    expect(parseJsonStrictly(nested(64))).toBeArray();
    for (const depth of [65, 1_000, 1_000_000])
      expect(() => parseJsonStrictly(nested(depth))).toThrow(/nested/);
  });

  test.each([
    ['one long text', `{"x":"${'x'.repeat(4_000_000)}"}`],
    ['escapes alone', `{"x":"${String.raw`\"`.repeat(2_000_000)}"}`],
    ['backslashes alone', `{"x":"${String.raw`\\`.repeat(2_000_000)}"}`],
    ['blanks', `[${' '.repeat(4_000_000)}]`],
  ])('may be megabytes of %s, and takes no longer for it than reading does', (_, text) => {
    // What reads them again and again takes hours.
    const began = performance.now();

    parseJsonStrictly(text);

    expect(performance.now() - began).toBeLessThan(20_000);
  });
});
