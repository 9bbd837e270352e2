import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import semver from 'semver';
import { isCanonical, isPseudo, latestOf, parseVersion, pseudoTime, sortVersions } from './versions.ts';

const number = fc.oneof(fc.nat(3), fc.nat(9_999)).map(String);
/** Few of them, so that two of them often begin alike. */
const identifier = fc.oneof(
  fc.constantFrom('alpha', 'beta', 'rc', 'RC', '-', '0a', 'a-b'),
  fc.nat(12).map(String),
);
const core = fc.tuple(number, number, number).map((numbers) => `v${numbers.join('.')}`);
const version = fc
  .tuple(core, fc.array(identifier, { maxLength: 3 }), fc.constantFrom('', '', '+incompatible'))
  .map(([numbers, pre, build]) => `${numbers}${pre.length === 0 ? '' : `-${pre.join('.')}`}${build}`);
const time = fc
  .integer({ min: Date.UTC(2000, 0), max: Date.UTC(2099, 11) })
  .map((at) => Math.floor(at / 1000) * 1000);
const stamp = (at: number): string => new Date(at).toISOString().replaceAll(/\D/g, '').slice(0, 14);

describe('versions', () => {
  test('are in the order of semantic versioning', () => {
    fc.assert(
      fc.property(fc.array(version), (some) => {
        const sorted = sortVersions(some);
        expect(new Set(sorted)).toEqual(new Set(some));
        expect(sorted.length).toBe(new Set(some).size);
        for (const [at, right] of sorted.slice(1).entries())
          expect(semver.compare(sorted[at] ?? '', right)).toBeLessThanOrEqual(0);
      }),
    );
  });

  test('are in one order, whichever they came in', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(version, fc.string())), (some) => {
        expect(sortVersions(some.toReversed())).toEqual(sortVersions(some));
      }),
    );
  });

  test('that are larger than any number of the language are in order', () => {
    const [less, more] = ['v1.0.9007199254740992', 'v1.0.9007199254740993'];
    expect(sortVersions([more, less])).toEqual([less, more]);
  });

  test('that are worth the same have +incompatible last, and what is none comes first', () => {
    expect(sortVersions(['v2.0.0+incompatible', 'v2.0.0', 'main', 'v2.0.0-rc.1'])).toEqual([
      'main',
      'v2.0.0-rc.1',
      'v2.0.0',
      'v2.0.0+incompatible',
    ]);
  });

  test('are read as they are written', () => {
    fc.assert(
      fc.property(version, (text) => {
        const parsed = parseVersion(text);
        const pre = parsed?.pre.length === 0 ? '' : `-${parsed?.pre.join('.')}`;
        expect(`v${parsed?.core.join('.')}${pre}${parsed?.isIncompatible ? '+incompatible' : ''}`).toBe(text);
      }),
    );
  });

  test('are what semantic versioning calls so', () => {
    const almost = fc.stringMatching(/^v?\d{1,2}\.\d{1,2}(\.\d{1,2})?(-[0-9a-z.-]{0,5})?$/);
    fc.assert(
      fc.property(almost, (text) => {
        expect(isCanonical(text)).toBe(text.startsWith('v') && semver.valid(text) === text.slice(1));
      }),
    );
  });
});

describe('a pseudo-version', () => {
  const revision = fc.stringMatching(/^[0-9a-f]{12}$/);
  // go.dev/ref/mod#pseudo-versions: after none, after a version that comes before a release, and after a release.
  const base = fc.oneof(
    number.map((major) => `v${major}.0.0-`),
    fc.tuple(core, identifier).map(([numbers, pre]) => `${numbers}-${pre}.0.`),
    core.map((numbers) => `${numbers}-0.`),
  );

  test('tells when its commit was made', () => {
    fc.assert(
      fc.property(base, time, revision, fc.constantFrom('', '+incompatible'), (before, at, hex, build) => {
        const text = `${before}${stamp(at)}-${hex}${build}`;
        expect([isPseudo(text), isCanonical(text), pseudoTime(text)]).toEqual([true, true, at]);
      }),
    );
  });

  test('comes right after what its commit came after', () => {
    fc.assert(
      fc.property(core, time, revision, (numbers, at, hex) => {
        const next = semver.inc(numbers, 'patch');
        const pseudo = `v${next}-0.${stamp(at)}-${hex}`;
        expect(sortVersions([`v${next}`, pseudo, numbers])).toEqual([numbers, pseudo, `v${next}`]);
      }),
    );
  });

  test('is none that has no time in it', () => {
    fc.assert(fc.property(version, (text) => expect(isPseudo(text)).toBe(false)));
  });
});

describe('the latest', () => {
  test('is the highest release where there is one, else what comes before one, else the newest commit', () => {
    const older = 'v1.9.1-0.20200101000000-0123456789ab';
    const newer = 'v0.0.0-20210101000000-0123456789ab';
    expect(latestOf([newer, 'v1.0.0', 'v1.1.0-rc.1', older])).toBe('v1.0.0');
    expect(latestOf([newer, 'v1.1.0-rc.1', older])).toBe('v1.1.0-rc.1');
    expect(latestOf([newer, older])).toBe(newer);
    expect(latestOf([])).toBeUndefined();
  });

  test('is one of them, and of a release none is higher', () => {
    fc.assert(
      fc.property(fc.array(version, { minLength: 1 }), (some) => {
        const latest = latestOf(some) ?? '';
        expect(some).toContain(latest);
        const releases = some.filter((each) => !each.includes('-'));
        expect(releases.every((each) => semver.compare(each, latest) <= 0)).toBe(true);
        expect(latest.includes('-')).toBe(releases.length === 0);
      }),
    );
  });
});
