import { expect, test } from 'bun:test';
import { readXml, textAt } from './xml.ts';

const read = (text: string) => readXml(new TextEncoder().encode(text));

test('lines end as they do on every system', () => {
  const root = read('<a>\r\n<b>one\r\ntwo\rthree</b>\r</a>');

  expect(textAt(root, 'b')).toBe('one\ntwo\nthree');
});

test('a million lines that end with a carriage return are read at once', () => {
  const root = read(`<a>${'\r\n'.repeat(1_000_000)}<b>c</b></a>`);

  expect(textAt(root, 'b')).toBe('c');
});

test.each([
  ['elements', '<b/>'],
  ['references', '&#65;'],
  ['comments', '<!---->'],
])('more %s than anybody needs are not read', (_, markup) => {
  expect(() => read(`<a>${markup.repeat(500_000)}</a>`)).toThrow('more than 400000 tags');
});
