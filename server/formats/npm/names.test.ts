import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import semver from 'semver';
import { newPackageName, packageName, scopeOf, tarballPath, versionInFile } from './names.ts';
import { scopesJoined } from './segments.ts';
import { distTag, exactVersion, latestOf, sortVersions, withoutBuild } from './versions.ts';

const part = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/);
const plainName = part.filter((name) => !['node_modules', 'favicon.ico'].includes(name));
const scopedName = fc.tuple(part, part).map(([scope, base]) => `@${scope}/${base}`);
const anyName = fc.oneof(plainName, scopedName);
const number = fc.nat(30);
const version = fc
  .tuple(
    number,
    number,
    number,
    fc.constantFrom('', '-rc.1', '-rc.2', '-0', '-alpha'),
    fc.constantFrom('', '+a', '+b.2'),
  )
  .map(([major, minor, patch, pre, build]) => `${major}.${minor}.${patch}${pre}${build}`);

describe('a package name', () => {
  test.each([
    'left-pad',
    'a',
    '@acme/left-pad',
    '@a/b',
    'constructor',
    '__proto__x'.slice(2),
    '1',
    '@acme/http',
    'a.b_c-d',
    '@-a/b',
  ])('%s may be published', (name) => {
    expect([newPackageName(name), packageName(name)]).toEqual([name, name]);
  });

  test.each(['JSONStream', 'http', "it's", 'n'.repeat(215), '@acme/Button'])('%s is only read', (name) => {
    expect(packageName(name)).toBe(name);
    expect(() => newPackageName(name)).toThrow(expect.objectContaining({ reason: 'NAME_INVALID' }));
  });

  test.each([
    '',
    '.hidden',
    '_private',
    '-dash',
    'node_modules',
    'Favicon.ico',
    ' a',
    'a b',
    'a/b',
    'a\\b',
    'a%2fb',
    'a\0',
    'ä',
    '@',
    '@/',
    '@acme',
    '@acme/',
    '@/name',
    '@acme/a/b',
    '@acme/.hidden',
    '@acme/-',
    '@../name',
    '@./name',
    '@@acme/name',
    '..',
    '__proto__',
  ])('%p is refused', (name) => {
    for (const rule of [newPackageName, packageName])
      expect(() => rule(name)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', reason: 'NAME_INVALID' }),
      );
  });

  test('is one segment of a path in each of its spellings', () => {
    fc.assert(
      fc.property(anyName, fc.array(part), (name, rest) => {
        const escaped = [name.replace('/', '%2f'), name.replace('/', '%2F')].map(decodeURIComponent);
        for (const spelt of [...escaped.map((text) => [text]), name.split('/')]) {
          const [first = '', ...others] = scopesJoined([...spelt, ...rest]);
          expect([packageName(first), ...others]).toEqual([name, ...rest]);
        }
      }),
    );
  });

  test('has a scope or none', () => {
    expect([scopeOf('@acme/a'), scopeOf('a')]).toEqual(['@acme', undefined]);
  });
});

describe('a tarball', () => {
  test('is at a path that leads back to its version, whichever way clients write it', () => {
    fc.assert(
      fc.property(anyName, version, (name, of) => {
        const [, path = ''] = tarballPath(name, of).split('/-/');
        expect(versionInFile(name, [path])).toBe(of);
        expect(versionInFile(name, [`${name}-${of}.tgz`])).toBe(of);
        expect(versionInFile(name, `${name}-${of}.tgz`.split('/'))).toBe(of);
      }),
    );
  });

  test('has its scope unescaped in front, and not in its file name', () => {
    expect(tarballPath('@acme/a', '1.0.0')).toBe('@acme/a/-/a-1.0.0.tgz');
    expect(tarballPath('a', '1.0.0')).toBe('a/-/a-1.0.0.tgz');
  });

  test.each([
    [['a-1.0.0.zip']],
    [['b-1.0.0.tgz']],
    [['a-.tgz']],
    [['.tgz']],
    [[]],
    [['@other', 'a-1.0.0.tgz']],
    [['a-1.0.0', 'x.tgz']],
    [['a-1/0.0.tgz']],
  ])('of @acme/a is not %p', (segments) => {
    expect(versionInFile('@acme/a', segments)).toBeUndefined();
  });
});

describe('a version', () => {
  test('is what semver.org calls one', () => {
    fc.assert(
      fc.property(version, (text) => {
        expect(exactVersion(text)).toBe(text);
      }),
    );
  });

  test.each([
    '',
    '1',
    '1.0',
    'v1.0.0',
    '=1.0.0',
    ' 1.0.0',
    '1.0.0 ',
    '01.0.0',
    '1.0.0-01',
    '1.0.0beta',
    'latest',
    '^1.0.0',
    `1.0.${'9'.repeat(20)}`,
    `1.0.0-${'a'.repeat(300)}`,
  ])('is not %p', (text) => {
    expect(() => exactVersion(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', reason: 'VERSION_INVALID' }),
    );
  });

  test('is the same to clients as one that differs in build metadata', () => {
    expect(['1.0.0+a', '1.0.0+b', '1.0.0', '1.0.0-rc.1+a'].map(withoutBuild)).toEqual([
      '1.0.0',
      '1.0.0',
      '1.0.0',
      '1.0.0-rc.1',
    ]);
  });

  test('has one place among others, whatever order they come in', () => {
    const some = fc.uniqueArray(fc.oneof(version, fc.constantFrom('weird', '1.0.0beta', 'x')), {
      maxLength: 12,
    });
    const shuffled = some.chain((versions) =>
      fc.tuple(fc.constant(versions), fc.shuffledSubarray(versions, { minLength: versions.length })),
    );
    fc.assert(
      fc.property(shuffled, ([versions, again]) => {
        const sorted = sortVersions(versions);
        expect(sortVersions(again)).toEqual(sorted);
        const real = sorted.filter((text) => semver.valid(text) !== null);
        expect(real).toEqual(semver.sort([...real]));
      }),
    );
  });

  test('is latest when it is the highest release, or the highest of all where there is none', () => {
    fc.assert(
      fc.property(fc.uniqueArray(version, { minLength: 1 }), (versions) => {
        const releases = versions.filter((text) => !semver.prerelease(text));
        const among = releases.length > 0 ? releases : versions;
        expect(latestOf(versions)).toBe(sortVersions(among).at(-1));
      }),
    );
    expect([latestOf([]), latestOf(['weird', '1.0.0-rc.1']), latestOf(['weird'])]).toEqual([
      undefined,
      '1.0.0-rc.1',
      'weird',
    ]);
  });
});

describe('a tag', () => {
  test.each(['latest', 'next', 'next-13', 'beta_2', 'v1-lts', 'release.1', 'constructor'])(
    'may be %s',
    (tag) => {
      expect(distTag(tag)).toBe(tag);
    },
  );

  test.each([
    '',
    '1.0.0',
    'v1',
    '1',
    '*',
    'x',
    '>=1',
    '~1.2',
    '^1',
    '1 - 2',
    'a b',
    'a/b',
    'a%2fb',
    'a\n',
    't'.repeat(129),
  ])('may not be %p', (tag) => {
    expect(() => distTag(tag)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', reason: 'TAG_INVALID' }),
    );
  });

  test('is whatever is no range to a client', () => {
    const texts = fc.stringMatching(/^[\w.~!*'()-]{1,8}$/);
    fc.assert(
      fc.property(texts, (text) => {
        const taken = (): string => distTag(text);
        if (semver.validRange(text) === null) expect(taken()).toBe(text);
        else expect(taken).toThrow();
      }),
    );
  });
});
