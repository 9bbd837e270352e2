import { describe, expect, test } from 'bun:test';
import { parseJsonStrictly } from './strict-json.ts';

describe('JSON, read strictly', () => {
  test('is what JSON.parse reads', () => {
    for (const value of [
      { a: [1, { b: 'x"y\\' }], c: '{"d":1,"d":2}' },
      [],
      'text',
      null,
      { '': { '': ':' } },
    ])
      expect(parseJsonStrictly(JSON.stringify(value, null, 1))).toEqual(value);
  });

  test('has no key twice in one object, however it is written', () => {
    for (const text of ['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '[{"b":{"c\\"":1, "c\\"" : 2}}]'])
      expect(() => parseJsonStrictly(text)).toThrow(/twice/);
    expect(parseJsonStrictly('[{"a":1},{"a":{"a":2}}]')).toEqual([{ a: 1 }, { a: { a: 2 } }]);
  });

  test('is not nested without end', () => {
    expect(() => parseJsonStrictly('['.repeat(65) + ']'.repeat(65))).toThrow(/deep/);
  });

  test.each(['x', '"', '\\', '\n', '\u{1f600}'])('reads 4 MiB of %j in one string', (piece) => {
    const value = { filler: piece.repeat((4 * 1024 * 1024) / JSON.stringify(piece).length) };
    expect(parseJsonStrictly(JSON.stringify(value))).toEqual(value);
  });
});
