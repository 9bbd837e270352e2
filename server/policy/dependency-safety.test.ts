import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { SafetyRules, SafetySubject } from '../core/remote-settings.ts';
import { DependencySafety } from './dependency-safety.ts';
import { namePattern } from './name-pattern.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-06-10T12:00:00Z');
const NONE: SafetyRules = {
  allow: [],
  deny: [],
  minimumReleaseAge: 0,
  minimumReleaseAgeExceptions: [],
  pinFirstSeen: false,
};
const safety = new DependencySafety();
const reasonOf = (subject: SafetySubject, rules: Partial<SafetyRules>): string | undefined =>
  safety.refusal(subject, { ...NONE, ...rules }, NOW)?.reason;

describe('what comes in', () => {
  test.each<[string, SafetySubject, Partial<SafetyRules>, string | undefined]>([
    ['is anything without rules', { package: 'a', version: '1.0.0' }, {}, undefined],
    ['is not what is denied by name', { package: 'left-pad' }, { deny: ['left-pad'] }, 'DENIED_BY_RULE'],
    [
      'is not a denied scope',
      { package: '@evil/x', version: '1.0.0' },
      { deny: ['@evil/*'] },
      'DENIED_BY_RULE',
    ],
    ['is the package of a denied version', { package: 'a' }, { deny: ['a@2.*'] }, undefined],
    ['is not the denied version', { package: 'a', version: '2.1.0' }, { deny: ['a@2.*'] }, 'DENIED_BY_RULE'],
    ['is another version', { package: 'a', version: '1.9.0' }, { deny: ['a@2.*'] }, undefined],
    [
      'is not a denied tag',
      { package: 'nginx', version: 'sha256:1', tag: 'dev' },
      { deny: ['*@dev'] },
      'DENIED_BY_RULE',
    ],
    ['is only what is allowed', { package: 'b' }, { allow: ['a'] }, 'NOT_ALLOWED_BY_RULE'],
    ['is a package with an allowed version', { package: 'a' }, { allow: ['a@1.*'] }, undefined],
    [
      'is not its other version',
      { package: 'a', version: '2.0.0' },
      { allow: ['a@1.*'] },
      'NOT_ALLOWED_BY_RULE',
    ],
    ['is not what is allowed and denied', { package: 'a' }, { allow: ['*'], deny: ['a'] }, 'DENIED_BY_RULE'],
    [
      'is a version that is old enough',
      { package: 'a', version: '1.0.0', publishedAt: NOW - 3 * DAY },
      { minimumReleaseAge: 3 * DAY },
      undefined,
    ],
    [
      'is not one a moment younger',
      { package: 'a', version: '1.0.0', publishedAt: NOW - 3 * DAY + 1 },
      { minimumReleaseAge: 3 * DAY },
      'RELEASE_TOO_YOUNG',
    ],
    [
      'is not one whose age nobody knows',
      { package: 'a', version: '1.0.0' },
      { minimumReleaseAge: DAY },
      'RELEASE_AGE_UNKNOWN',
    ],
    ['is the package of young versions', { package: 'a' }, { minimumReleaseAge: DAY }, undefined],
    [
      'is an exception',
      { package: '@acme/a', version: '1.0.0', publishedAt: NOW },
      { minimumReleaseAge: DAY, minimumReleaseAgeExceptions: ['@acme/*'] },
      undefined,
    ],
    [
      'is an excepted version alone',
      { package: 'a', version: '1.0.1', publishedAt: NOW },
      { minimumReleaseAge: DAY, minimumReleaseAgeExceptions: ['a@1.0.0'] },
      'RELEASE_TOO_YOUNG',
    ],
  ])('%s', (_, subject, rules, reason) => {
    expect(reasonOf(subject, rules)).toBe(reason);
  });

  test('is refused with what, why and from when it can be had', () => {
    const subject = { package: 'a', version: '1.0.0', publishedAt: NOW - DAY };

    const refusal = safety.refusal(subject, { ...NONE, minimumReleaseAge: 3 * DAY }, NOW);

    expect(refusal?.status).toBe(403);
    expect(refusal?.message).toBe(
      'a@1.0.0 is not let in: versions must have been out for 3 days, and this one is from 2026-06-09 12:00 UTC: ' +
        'it can be had from 2026-06-12 12:00 UTC, or at once with an exception of the rule',
    );
  });
});

describe('a pattern', () => {
  const piece = fc.stringMatching(/^[a-z./-]{0,4}$/);

  test('matches what it was made from, with any text for each star', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 5 }),
        fc.array(piece, { maxLength: 5 }),
        (pieces, fillings) => {
          const text = pieces
            .map((each, index) => each + (index < pieces.length - 1 ? (fillings[index] ?? '') : ''))
            .join('');
          expect(namePattern(pieces.join('*')).matches(text)).toBe(true);
        },
      ),
    );
  });

  test('agrees with a regular expression', () => {
    const texts = fc.stringMatching(/^[ab]{0,8}$/);
    fc.assert(
      fc.property(fc.stringMatching(/^[ab*]{0,6}$/), texts, (pattern, text) => {
        const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(text);
        expect(namePattern(pattern).matches(text)).toBe(expected);
      }),
    );
  });

  test.each([
    ['@acme/a', '@acme/a', undefined, true],
    ['@acme/a@1.0.0', '@acme/a', '1.0.0', true],
    ['@acme/a@1.0.0', '@acme/a', '1.0.1', false],
    ['@acme/a@1.0.0', '@acme/a', undefined, false],
    ['A', 'a', undefined, false],
    ['a@*', 'a', '3.0.0-beta@x', true],
  ])('%s against %s %s is %s', (pattern, name, version, expected) => {
    expect(namePattern(pattern).matches(name, version)).toBe(expected);
  });
});
