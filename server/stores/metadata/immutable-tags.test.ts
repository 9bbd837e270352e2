import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { immutability } from './immutable-tags.ts';

const database = new Database(':memory:');
const held = database.prepare<{ readonly held: 0 | 1 }, [string, string]>(
  'SELECT EXISTS (SELECT 1 FROM json_each(?) WHERE ? GLOB value) AS held',
);
const matches = (pattern: string, tag: string): boolean => {
  const { immutable_tag_patterns } = immutability({ immutableTags: true, immutableTagPatterns: [pattern] });
  return held.get(immutable_tag_patterns, tag)?.held === 1;
};

/** What a star means, by trying every way to spend it. */
function oracle(pattern: string, tag: string): boolean {
  if (pattern === '') return tag === '';
  if (!pattern.startsWith('*'))
    return tag !== '' && pattern[0] === tag[0] && oracle(pattern.slice(1), tag.slice(1));
  return oracle(pattern.slice(1), tag) || (tag !== '' && oracle(pattern, tag.slice(1)));
}

/** Few letters, so that much matches, and everything that GLOB or LIKE has a meaning for. */
const letters = fc.constantFrom('a', 'A', 'b', '.', '-', '?', '[', ']', '^', '!', '_', '%', '\\');
const tags = fc.string({ unit: letters, maxLength: 8 });
const patterns = fc.string({ unit: fc.oneof(letters, fc.constant('*')), maxLength: 6 });

test('in a pattern * stands for any text, and everything else for itself', () => {
  fc.assert(
    fc.property(patterns, tags, (pattern, tag) => {
      expect(matches(pattern, tag)).toBe(oracle(pattern, tag));
    }),
    { numRuns: 2000 },
  );
});

test('a pattern that is made from the tag matches it', () => {
  const cut = fc.tuple(tags, fc.nat(8), fc.nat(8));
  fc.assert(
    fc.property(cut, ([tag, from, to]) => {
      const pattern = `${tag.slice(0, from)}*${tag.slice(from + to)}`;
      expect(matches(pattern, tag)).toBe(true);
    }),
  );
});

test.each([
  ['v*', 'v1.0', true],
  ['v*', 'v', true],
  ['v*', 'V1', false],
  ['v?', 'v1', false],
  ['v[12]', 'v1', false],
  ['*', 'latest', true],
  ['*-rc*', 'v1-rc2', true],
  ['*a'.repeat(63), 'a'.repeat(128), true],
  [`${'*a'.repeat(63)}b`, 'a'.repeat(128), false],
])('%s and %s', (pattern, tag, answer) => {
  expect(matches(pattern, tag)).toBe(answer);
});
