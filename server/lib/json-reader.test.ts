import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { JsonReader } from './json-reader.ts';

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const readerOf = (text: string): JsonReader => new JsonReader(bytesOf(text));

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isRead(text: string): boolean {
  const reader = readerOf(text);
  try {
    reader.skip();
    reader.finish();
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

describe('a JSON reader', () => {
  test('passes over all that JSON.parse reads, and over nothing else', () => {
    const unit = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      '\\',
      'a',
      'u',
      '1',
      '0',
      '-',
      '+',
      '.',
      'e',
      ' ',
      '\n',
      '\0',
      'null',
      'é',
    );
    const typo = fc.tuple(fc.json(), fc.nat(), fc.nat(2), unit).map(([text, at, gone, there]) => {
      const from = at % (text.length + 1);
      return text.slice(0, from) + there + text.slice(from + gone);
    });
    fc.assert(
      fc.property(fc.oneof(fc.json(), typo, fc.string({ unit })), (text) => {
        expect(isRead(text)).toBe(isJson(text));
      }),
      { numRuns: 5_000 },
    );
  });

  test('goes through objects by their keys, and says where each value is', () => {
    const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { maxKeys: 6 });
    fc.assert(
      fc.property(object, fc.constantFrom('', ' ', '\n\t'), (value, blank) => {
        const text = JSON.stringify(value, undefined, blank);
        const bytes = bytesOf(text);
        const reader = new JsonReader(bytes);
        const found: [string, unknown][] = [];

        expect(reader.enter()).toBe(true);
        for (let key = reader.key(); key !== undefined; key = reader.key()) {
          const from = reader.start();
          reader.skip();
          found.push([key, JSON.parse(new TextDecoder().decode(bytes.subarray(from, reader.at)))]);
        }
        reader.finish();

        expect(found).toEqual(Object.entries(JSON.parse(text) as object));
      }),
    );
  });

  test('tells thousands of keys apart, also those that it has met before', () => {
    const keys = Array.from({ length: 3_000 }, (_, n) => `key-${n}${'x'.repeat(n % 40)}`);
    const object = `{${keys.map((key) => `"${key}":0`).join(',')}}`;
    const reader = readerOf(`{"a":${object},"b":${object}}`);
    const found: string[] = [];

    reader.enter();
    for (let outer = reader.key(); outer !== undefined; outer = reader.key()) {
      reader.enter();
      for (let key = reader.key(); key !== undefined; key = reader.key()) {
        found.push(key);
        reader.skip();
      }
    }

    expect(found).toEqual([...keys, ...keys]);
  });

  test('reads a string, and passes over what is none', () => {
    const reader = readerOf(String.raw`{"a":"\u0041é\n","b":[1],"c":{}}`);
    const read = [
      reader.enter(),
      reader.key(),
      reader.string(),
      reader.key(),
      reader.string(),
      reader.key(),
      reader.enter(),
      reader.key(),
      reader.key(),
    ];
    expect(read).toEqual([true, 'a', 'Aé\n', 'b', undefined, 'c', true, undefined, undefined]);
    reader.finish();
  });

  test.each(['{,"a":1}', '{"a":1,}', '{"a" 1}', '{"a":1 "b":2}', '{a:1}', '{"a":1'])(
    'refuses %s as it goes',
    (text) => {
      const walk = (): void => {
        const reader = readerOf(text);
        reader.enter();
        while (reader.key() !== undefined) reader.skip();
        reader.finish();
      };
      expect(walk).toThrow(SyntaxError);
    },
  );

  test('is nested 100 deep at most, and tells so instead of running out of stack', () => {
    expect(isRead(`${'['.repeat(100)}${']'.repeat(100)}`)).toBe(true);
    for (const depth of [101, 1_000_000]) expect(isRead('['.repeat(depth) + ']'.repeat(depth))).toBe(false);
  });
});

test('lists are gone through item by item', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.constantFrom(0, 2), (items, space) => {
      const bytes = new TextEncoder().encode(JSON.stringify(items, undefined, space));
      const reader = new JsonReader(bytes);
      expect(reader.enterList()).toBe(true);
      const seen: unknown[] = [];
      while (reader.item()) {
        const from = reader.start();
        reader.skip();
        seen.push(JSON.parse(new TextDecoder().decode(bytes.subarray(from, reader.at))));
      }
      reader.finish();
      expect(JSON.stringify(seen)).toBe(JSON.stringify(items));
    }),
  );
  for (const broken of ['[1 2]', '[1,', '[,1]', '[1,]']) {
    const reader = new JsonReader(new TextEncoder().encode(broken));
    reader.enterList();
    expect(() => {
      while (reader.item()) reader.skip();
    }).toThrow(SyntaxError);
  }
});
