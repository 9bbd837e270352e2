import { expect, test } from 'bun:test';
import { modulePathIn } from './go-mod.ts';

test.each([
  ['module example.com/a', 'example.com/a'],
  ['\n// module x\n\tmodule \t example.com/a \t// why\n', 'example.com/a'],
  ['module "example.com/a"', 'example.com/a'],
  ['module"example.com/a"', 'example.com/a'],
  ['module `example.com/a`\r\n', 'example.com/a'],
  ['modules example.com/a', undefined],
  ['module\nmodule  \ngo 1.21', undefined],
  ['', undefined],
])('%j says %p', (text, path) => {
  expect(modulePathIn(text)).toBe(path);
});

test('a line with a million spaces in it is read at once', () => {
  const path = `example.com/a${' '.repeat(1_000_000)}b`;

  expect(modulePathIn(`module ${path}`)).toBe(path);
});
