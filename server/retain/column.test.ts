import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { rowIds } from './column.ts';

const CHUNK = 65_536;

test('a column of row ids holds every id, large or small', () => {
  const id = fc.oneof(
    fc.nat(),
    fc.maxSafeNat(),
    fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
  );
  fc.assert(
    fc.property(fc.array(id, { minLength: 1, maxLength: 50 }), fc.nat(CHUNK), (ids, before) => {
      const column = rowIds();
      for (let at = 0; at < CHUNK - 20 + (before % 40); at += 1) column.push(at);
      const start = column.length;
      for (const each of ids) column.push(each);
      expect(ids.map((_, at) => column.at(start + at))).toEqual(ids);
      expect([column.at(0), column.at(start - 1), column.length]).toEqual([0, start - 1, start + ids.length]);
    }),
    { numRuns: 20 },
  );
});
