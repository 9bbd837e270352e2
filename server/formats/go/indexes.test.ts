import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import semver from 'semver';
import { type Info, parseInfo, renderInfo } from './info.ts';
import { mergeLatest } from './latest-index.ts';
import { listIndex, parseList, renderList } from './list-index.ts';
import { sortVersions } from './versions.ts';

const version = fc
  .tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.constantFrom('', '', '-rc.1', '-rc.2'))
  .map(([major, minor, patch, pre]) => `v${major}.${minor}.${patch}${pre}`);
const list = fc.array(version).map(sortVersions);
const lists = fc.array(list, { minLength: 1, maxLength: 4 });
const time = fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true });
const info: fc.Arbitrary<Info> = fc
  .record(
    { version, time: time.map((at) => at.toISOString()), origin: fc.dictionary(fc.string(), fc.jsonValue()) },
    { requiredKeys: ['version'] },
  )
  // As the language reads it again: without a sign before zero.
  .map((made) => JSON.parse(JSON.stringify(made)) as Info);
const infos = fc.array(info, { minLength: 1, maxLength: 4 });

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const merge = (parts: readonly (readonly string[])[]): readonly string[] =>
  listIndex.merge(parts, { of: 'example.com/lib' });

describe('a list of versions', () => {
  test('is read as it was written', () => {
    fc.assert(fc.property(list, (some) => expect(parseList(bytes(renderList(some)))).toEqual(some)));
  });

  test('is read in whatever order it comes, without what has no place in it', () => {
    const noise = fc.constantFrom(
      '',
      ' ',
      'main',
      'v1',
      'v1.2',
      'v1.0.0+meta',
      'v0.0.0-20200101000000-0123456789ab',
    );
    fc.assert(
      fc.property(list, fc.array(noise), fc.func(fc.nat()), (some, others, place) => {
        const lines = [...some.map((each) => `${each} 2020-01-01T00:00:00Z\r`), ...others];
        const mixed = lines.toSorted((a, b) => place(a) - place(b));
        expect(parseList(bytes(mixed.join('\n')))).toEqual(some);
      }),
    );
  });

  test.each(['<!doctype html>', '\n <a href="v1.0.0">', '{"error": "v1.0.0"}'])('%p is none', (page) => {
    expect(() => parseList(bytes(page))).toThrow(expect.objectContaining({ reason: 'LIST_INVALID' }));
  });

  test('of several has what each has, once, however they are taken together', () => {
    fc.assert(
      fc.property(lists, list, (some, other) => {
        const merged = merge(some);
        expect(new Set(merged)).toEqual(new Set(some.flat()));
        expect(merged.length).toBe(new Set(merged).size);
        expect(merge([merged, merged])).toEqual(merged);
        expect(merge([merged, ...some])).toEqual(merged);
        expect(merge([merged, other])).toEqual(merge([...some, other]));
        expect(merge(some.toReversed())).toEqual(merged);
      }),
    );
  });
});

describe('what is told of a version', () => {
  test('is read as it was written', () => {
    fc.assert(fc.property(info, (some) => expect(parseInfo(bytes(renderInfo(some)))).toEqual(some)));
  });

  test('as the latest of several is the highest release, in the words of the first that has it', () => {
    fc.assert(
      fc.property(infos, (some) => {
        const latest = mergeLatest(some);
        expect(some.find((each) => each.version === latest.version)).toBe(latest);
        const releases = some.filter((each) => !each.version.includes('-'));
        const among = releases.length > 0 ? releases : some;
        expect(among.every((each) => semver.compare(each.version, latest.version) <= 0)).toBe(true);
        expect(among).toContain(latest);
      }),
    );
  });

  test('as the latest stays when it is asked for again, and however they are taken together', () => {
    fc.assert(
      fc.property(infos, info, (some, other) => {
        const latest = mergeLatest(some);
        expect(mergeLatest([latest, latest])).toBe(latest);
        expect(mergeLatest([latest, ...some])).toBe(latest);
        expect(mergeLatest([latest, other])).toBe(mergeLatest([...some, other]));
      }),
    );
  });
});
