import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { normalVersion, parseVersion, sameVersion, sortVersions } from './versions.ts';

/** In the order of PEP 440: its own examples, and those of the test tables of `packaging`. */
const ORDER = [
  '1.0.dev456',
  '1.0a1',
  '1.0a2.dev456',
  '1.0a12.dev456',
  '1.0a12',
  '1.0b1.dev456',
  '1.0b2',
  '1.0b2.post345.dev456',
  '1.0b2.post345',
  '1.0rc1.dev456',
  '1.0rc1',
  '1.0',
  '1.0+abc.5',
  '1.0+abc.7',
  '1.0+5',
  '1.0.post456.dev34',
  '1.0.post456',
  '1.1.dev1',
  '1.2+123abc',
  '1.2+123abc456',
  '1.2+abc',
  '1.2+abc123',
  '1.2+abc123def',
  '1.2+1234.abc',
  '1.2+123456',
  '1.2.r32+123456',
  '1.2.rev33+123456',
  '1!1.0.dev456',
  '1!1.0',
  '1!1.2.rev33+123456',
];

test('versions are in order', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(ORDER), (some) => {
      expect(sortVersions(some)).toEqual(ORDER.filter((version) => some.includes(version)));
    }),
  );
});

test('what is no version comes first', () => {
  expect(sortVersions(['1.0', 'b', '0.1', 'a'])).toEqual(['a', 'b', '0.1', '1.0']);
});

describe('the one way to write a version', () => {
  test.each([
    ['1.0dev', '1.0.dev0'],
    ['1.0.DEV1', '1.0.dev1'],
    ['1.0-dev1', '1.0.dev1'],
    ['1.0a', '1.0a0'],
    ['1.0.alpha.1', '1.0a1'],
    ['1.0-BETA_2', '1.0b2'],
    ['1.0c1', '1.0rc1'],
    ['1.0-preview1', '1.0rc1'],
    ['1.0pre', '1.0rc0'],
    ['1.0post', '1.0.post0'],
    ['1.0-r3', '1.0.post3'],
    ['1.0rev4', '1.0.post4'],
    ['1.0-5', '1.0.post5'],
    ['v1.0', '1.0'],
    [' 1.0 ', '1.0'],
    ['0!1.0', '1.0'],
    ['1!01.00', '1!1.0'],
    ['1.0+Ubuntu-1', '1.0+ubuntu.1'],
    ['1.0+001', '1.0+1'],
    ['2012.4', '2012.4'],
    ['1.0.post456.dev623', '1.0.post456.dev623'],
  ])('%s is %s', (text, normal) => {
    expect(normalVersion(text)).toBe(normal);
    expect(sameVersion(text, normal)).toBe(true);
  });

  test('is its own', () => {
    for (const version of ORDER) expect(normalVersion(normalVersion(version))).toBe(normalVersion(version));
  });
});

test.each([
  ['1.0', '1.0.0'],
  ['1', '1.0.0.0'],
  ['1.0.post0', '1.post0'],
])('%s is %s', (a, b) => {
  expect(sameVersion(a, b)).toBe(true);
});
test.each([
  ['1.0', '1.0.1'],
  ['1.0', '1.0.post0'],
  ['1.0', '1.0+a'],
  ['a', 'b'],
])('%s is not %s', (a, b) => {
  expect(sameVersion(a, b)).toBe(false);
});

test.each([
  '',
  'french toast',
  '1.0+a+',
  '1.0++',
  '1.0+_foobar',
  '1.0+foo&asd',
  '1.0+1+1',
  '1..0',
  '1.0-',
  '1.0\n2',
  '1'.repeat(300),
])('%j is none', (text) => {
  expect(parseVersion(text)).toBeUndefined();
});

test('hostile text takes no time', () => {
  for (const text of ['1.'.repeat(90), `1+${'a.'.repeat(90)}`, ' '.repeat(199)])
    expect(parseVersion(text)).toBeUndefined();
});
