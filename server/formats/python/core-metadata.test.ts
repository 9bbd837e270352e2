import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { parseCoreMetadata } from './core-metadata.ts';

const read = (text: string) => parseCoreMetadata(new TextEncoder().encode(text));
const HEAD = 'Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n';

test('what a distribution says of itself is read, and its description is not', () => {
  const text = `${HEAD}Summary: A demo\nRequires-Python: >=3.8\nAuthor-email: A <a@example.com>\nLicense-Expression: MIT
Project-URL: Homepage, https://example.com/demo\nKeywords: a,b\nDescription: one\n        two\n\nSummary: not this\n`;
  expect(read(text)).toEqual({
    name: 'demo',
    version: '1.0',
    summary: 'A demo',
    requiresPython: '>=3.8',
    author: 'A <a@example.com>',
    license: 'MIT',
    homePage: 'https://example.com/demo',
    keywords: 'a,b',
  });
});

test('lines end in any way, names are in any case, and what is unknown is not said', () => {
  expect(read('name: demo\r\nVERSION: 1.0\r\nSummary: UNKNOWN\r\nAuthor:\r\n')).toEqual({
    name: 'demo',
    version: '1.0',
  });
});

describe('metadata', () => {
  test.each([
    ['without a name', 'Version: 1.0\n', 'a name and a version'],
    ['without a version', 'Name: demo\n', 'a name and a version'],
    ['with two names', `${HEAD}Name: other\n`, 'name more than once'],
    ['with two versions', `${HEAD}Version: 2.0\n`, 'version more than once'],
    ['with a line that says nothing', `${HEAD}nothing\n`, 'is no field'],
    ['that begins with its description', `\n${HEAD}`, 'a name and a version'],
  ])('%s is refused', (_, text, words) => {
    expect(() => read(text)).toThrow(words);
  });

  test('that is not UTF-8 is refused', () => {
    expect(() => parseCoreMetadata(new Uint8Array([0x4e, 0xff]))).toThrow('not UTF-8');
  });

  test('of any bytes is read or refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('a', ':', '\n', ' ', '\r', '\t') })),
        (text) => {
          try {
            read(HEAD + text);
          } catch (error) {
            expect(error).toMatchObject({ reason: 'METADATA_INVALID' });
          }
        },
      ),
    );
  });
});
