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
