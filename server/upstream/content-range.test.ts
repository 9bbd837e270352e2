import { describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import { parseContentRange } from './content-range.ts';

describe('a Content-Range', () => {
  it.each([
    null,
    '',
    'bytes',
    'bytes */10',
    'bytes 5-4/10',
    'bytes 0-10/10',
    'bytes 0-4',
    'bytes=0-4/10',
    'items 0-4/10',
    'bytes 0-4/10, bytes 6-7/10',
    'bytes 1-9999999999999999/*',
  ])('that is %p says nothing', (header) => {
    expect(parseContentRange(header)).toBeUndefined();
  });

  it('is read as it was written', () => {
    const bytes = fc.nat({ max: 2 ** 40 });
    fc.assert(
      fc.property(bytes, bytes, fc.option(bytes), (start, length, rest) => {
        const end = start + length;
        const size = rest === null ? undefined : end + 1 + rest;

        expect(parseContentRange(`bytes ${start}-${end}/${size ?? '*'}`)).toEqual({
          start,
          end,
          ...(size !== undefined && { size }),
        });
      }),
    );
  });
});
