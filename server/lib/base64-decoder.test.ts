import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { Base64Decoder } from './base64-decoder.ts';

const ascii = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

function decode(text: string, cuts: readonly number[]): string {
  const bytes = ascii(text);
  const at = cuts.map((cut) => cut % (bytes.byteLength + 1)).toSorted((a, b) => a - b);
  const decoder = new Base64Decoder();
  const parts = [...at, bytes.byteLength].map((end, index) =>
    decoder.push(bytes.slice(at[index - 1] ?? 0, end)).slice(),
  );
  decoder.finish();
  return Buffer.concat(parts).toString('hex');
}

describe('a base64 decoder', () => {
  test('gives back what was encoded, however it is split', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(), { maxLength: 10 }), (bytes, cuts) => {
        expect(decode(Buffer.from(bytes).toString('base64'), cuts)).toBe(Buffer.from(bytes).toString('hex'));
      }),
      { numRuns: 1_000 },
    );
  });

  test('takes nothing but the one way to write some bytes', () => {
    const unit = fc.constantFrom('A', 'Q', 'B', '/', '+', '=', '-', '_', ' ', '\n');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), fc.array(fc.nat(), { maxLength: 4 }), (text, cuts) => {
        const canonical = Buffer.from(text, 'base64').toString('base64') === text;
        if (canonical) expect(decode(text, cuts)).toBe(Buffer.from(text, 'base64').toString('hex'));
        else expect(() => decode(text, cuts)).toThrow(expect.objectContaining({ reason: 'BODY_INVALID' }));
      }),
      { numRuns: 3_000 },
    );
  });

  test.each([
    'A',
    'AA',
    'AAA',
    'AAAA=',
    'AA==AAAA',
    'QQ==QQ==',
    'AB==',
    'A===',
    '====',
    'QUFB    ',
    'AA AA',
    '-_-_',
    'AA\u00e9A',
  ])('refuses %p', (text) => {
    for (const cuts of [[], [1], [2], [3], [4], [1, 2, 3, 4, 5]])
      expect(() => decode(text, cuts)).toThrow(expect.objectContaining({ reason: 'BODY_INVALID' }));
  });
});
