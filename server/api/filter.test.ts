import { describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import type { Condition } from '../core/resources.ts';
import { parseFilter } from './filter.ts';

const FIELDS: readonly Condition['field'][] = ['name', 'owner', 'annotations'];

describe('a filter', () => {
  const rows: readonly (readonly [text: string, condition: Condition])[] = [
    ['name="a b"', { field: 'name', pattern: 'a b' }],
    ['name=a*', { field: 'name', pattern: 'a*' }],
    [' NAME = "x" ', { field: 'name', pattern: 'x' }],
    ['name:"x"', { field: 'name', pattern: 'x' }],
    [String.raw`name="say \"hi\" \\ bye"`, { field: 'name', pattern: String.raw`say "hi" \ bye` }],
    ['name="projects/p/files/pkg:1.0:file"', { field: 'name', pattern: 'projects/p/files/pkg:1.0:file' }],
    ['name=projects/p/files/pkg:1.0:file', { field: 'name', pattern: 'projects/p/files/pkg:1.0:file' }],
    ['owner=`x y`', { field: 'owner', pattern: 'x y' }],
    ['annotations.key:value', { field: 'annotations', key: 'key', pattern: 'value' }],
    ['annotations.key="a value"', { field: 'annotations', key: 'key', pattern: 'a value' }],
    ['annotations.key', { field: 'annotations', key: 'key', pattern: '*' }],
    ['annotations:key', { field: 'annotations', key: 'key', pattern: '*' }],
    ['annotations.example.com/owner:x', { field: 'annotations', key: 'example.com/owner', pattern: 'x' }],
    ['annotations.`a:b`:`c d`', { field: 'annotations', key: 'a:b', pattern: 'c d' }],
  ];
  it.each(rows)('%p is one comparison', (text, condition) => {
    expect(parseFilter(text, FIELDS)).toEqual(condition);
  });

  const refused: readonly (readonly [text: string, words: string])[] = [
    ['format="DOCKER"', 'filter by name or owner or annotations'],
    ['name', 'compare with ='],
    ['name=', 'there is nothing to compare with'],
    ['name="a', 'there is nothing to compare with'],
    ['name>"a"', 'compare with ='],
    ['name!="a"', 'compare with ='],
    ['name="a" AND name="b"', 'a filter is one comparison'],
    ['name="a" name="b"', 'a filter is one comparison'],
    ['-name="a"', 'filter by'],
    ['(name="a")', 'filter by'],
    ['annotations.', 'an annotation needs a key'],
    ['annotations', 'an annotation needs a key'],
    ['constructor="a"', 'filter by'],
    [`name="${'a'.repeat(2048)}"`, 'longer than 2048'],
  ];
  it.each(refused)('%p is refused', (text, words) => {
    expect(() => parseFilter(text, FIELDS)).toThrow(words);
  });

  it('is refused where a list takes none', () => {
    expect(() => parseFilter('name=x', [])).toThrow('this list has no filter');
  });

  it('reads back whatever was quoted', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }), (value) => {
        const quoted = value.replace(/["\\]/g, String.raw`\$&`);
        expect(parseFilter(`name="${quoted}"`, FIELDS)).toEqual({ field: 'name', pattern: value });
      }),
    );
  });

  it('is understood or refused, and never anything else', () => {
    const pieces = fc.constantFrom(
      'name',
      'annotations',
      '.',
      ':',
      '=',
      '"',
      '`',
      ' ',
      '*',
      'x',
      '\\',
      '(',
      'AND',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        try {
          expect(FIELDS).toContain(parseFilter(parts.join(''), FIELDS).field);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'FILTER_INVALID' });
        }
      }),
    );
  });
});
