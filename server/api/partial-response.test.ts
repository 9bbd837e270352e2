import { describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import { partialResponse } from './partial-response.ts';

const BODY = {
  items: [
    { name: 'a', labels: { x: '1', y: '2' }, other: 1 },
    { name: 'b', other: 2 },
  ],
  nextPageToken: 't',
};

describe('a partial response', () => {
  const rows: readonly (readonly [fields: string | null, kept: unknown])[] = [
    [null, BODY],
    ['*', BODY],
    ['nextPageToken', { nextPageToken: 't' }],
    ['next_page_token', { nextPageToken: 't' }],
    ['items/name', { items: [{ name: 'a' }, { name: 'b' }] }],
    ['items(name,labels/x)', { items: [{ name: 'a', labels: { x: '1' } }, { name: 'b' }] }],
    ['items/labels/y,items/other', { items: [{ labels: { y: '2' }, other: 1 }, { other: 2 }] }],
    ['items(*)', { items: BODY.items }],
    ['absent', {}],
    ['constructor', {}],
  ];
  it.each(rows)('of %p keeps what was asked for', (fields, kept) => {
    expect(partialResponse(BODY, fields)).toEqual(kept);
  });

  it.each(['(', 'a(', 'a(b', 'a)', ',', 'a,,b', 'a/', '/a', 'a(b))', `${'a('.repeat(40)}b${')'.repeat(40)}`])(
    'of %p is refused',
    (fields) => {
      expect(() => partialResponse(BODY, fields)).toThrow('fields parameter cannot be read');
    },
  );

  it('reads or refuses everything', () => {
    const pieces = fc.constantFrom('items', 'name', '(', ')', ',', '/', '*', ' ');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        try {
          partialResponse(BODY, parts.join(''));
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
        }
      }),
    );
  });
});
