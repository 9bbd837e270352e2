import { describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import { failureOf } from '../testing/failure-of.ts';
import { ClaimMappers, type Claims, MappingFailure } from './federation-mapping.ts';

const mappers = new ClaimMappers();
const oidc = { issuerUri: 'https://token.example.com', allowedAudiences: [] };
const compile = (attributeMapping: Readonly<Record<string, string>>, attributeCondition?: string) =>
  mappers.compile({
    attributeMapping,
    oidc,
    ...(attributeCondition !== undefined && { attributeCondition }),
  });
const subjectBy = async (expression: string, claims: Claims) =>
  (await compile({ 'google.subject': expression }))(claims).subject;

const GITHUB: Claims = {
  sub: 'repo:octo-org/octo-repo:environment:prod',
  repository: 'octo-org/octo-repo',
  repository_id: '74',
  ref: 'refs/heads/main',
  run_attempt: 2,
  admin: true,
  teams: ['web', 'ops'],
  'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'pusher', uid: 'x' } },
};

describe('a mapping', () => {
  it.each([
    ['assertion.sub', 'repo:octo-org/octo-repo:environment:prod'],
    ["assertion['kubernetes.io'].serviceaccount.name", 'pusher'],
    ["'repo/' + assertion.repository_id", 'repo/74'],
    ["assertion.repository.split('/')[0]", 'octo-org'],
    ["assertion.sub.extract('repo:{repository}:')", 'octo-org/octo-repo'],
    ["assertion.ref.startsWith('refs/heads/') ? 'branch' : 'other'", 'branch'],
    ["has(assertion.environment) ? assertion.environment : 'none'", 'none'],
    ['string(int(assertion.run_attempt))', '2'],
    ["assertion.teams.filter(team, team != 'web').join(',')", 'ops'],
    ["assertion.teams.exists(team, team == 'ops') ? 'operator' : 'other'", 'operator'],
    ['assertion.repository.lowerAscii()', 'octo-org/octo-repo'],
    ["'ops' in assertion.teams ? 'yes' : 'no'", 'yes'],
  ])('of %s gives %s', async (expression, subject) => {
    expect(await subjectBy(expression, GITHUB)).toBe(subject);
  });

  it('gives groups and attributes', async () => {
    const map = await compile({
      'google.subject': 'assertion.sub',
      'google.groups': 'assertion.teams + assertion.teams',
      'attribute.repository': 'assertion.repository',
      'attribute.none': "''",
    });

    expect(map(GITHUB)).toEqual({
      subject: 'repo:octo-org/octo-repo:environment:prod',
      groups: ['web', 'ops'],
      attributes: { repository: 'octo-org/octo-repo', none: '' },
    });
  });

  const refused: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [{}, 'google.subject is missing'],
    [{ 'attribute.a': 'assertion.sub' }, 'google.subject is missing'],
    [{ 'google.subject': 'assertion.sub', 'google.email': "''" }, '"google.email" is not an attribute'],
    [{ 'google.subject': 'assertion.sub', 'attribute.A': "''" }, '"attribute.A" is not an attribute'],
    [{ 'google.subject': 'assertion.sub', [`attribute.${'a'.repeat(101)}`]: "''" }, 'is not an attribute'],
    [{ 'google.subject': 'assertion.sub', attribute: "''" }, '"attribute" is not an attribute'],
    [
      {
        'google.subject': 'assertion.sub',
        ...Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`attribute.a${at}`, "''"])),
      },
      'more than 50 custom attributes',
    ],
    [{ 'google.subject': '' }, 'attribute_mapping["google.subject"]: it is not CEL'],
    [{ 'google.subject': 'claims.sub' }, 'claims is nothing it may ask for; there are assertion'],
    [{ 'google.subject': '1' }, 'it does not come to a string'],
    [{ 'google.subject': 'assertion.sub', 'google.groups': "'a'" }, 'it does not come to a list'],
    [{ 'google.subject': `'${'a'.repeat(2_050)}'` }, 'more than 2048 characters'],
    [
      { 'google.subject': "assertion.a.exists(x, assertion.b.exists(y, x == y)) ? 'a' : 'b'" },
      'it may loop once only',
    ],
    [{ 'google.subject': "assertion.a.map(x, x).map(x, x).join('')" }, 'it may loop once only'],
  ];
  it.each(refused)('may not be %#', async (mapping, says) => {
    expect(await failureOf(compile(mapping))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(says),
    });
  });

  it.each([
    ['assertion', 'it does not come to true or false'],
    ["assertion.sub + ''", 'it does not come to true or false'],
    ["'a' in google.groups", 'google has no groups; it has subject'],
    ["attribute.b == 'x'", 'attribute has no b; it has a'],
    ["request.time > timestamp('2026-01-01T00:00:00Z')", 'request is nothing it may ask for'],
  ])('may not have the condition %s', async (condition, says) => {
    const mapping = { 'google.subject': 'assertion.sub', 'attribute.a': "'x'" };

    // Whether `assertion` alone is true or not, only the evaluation can tell.
    if (condition === 'assertion') {
      const map = await compile(mapping, condition);
      expect(() => map(GITHUB)).toThrow('condition');
    } else
      expect(await failureOf(compile(mapping, condition))).toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(says),
      });
  });

  it.each([
    ['assertion.nothing', GITHUB, 'do not give google.subject'],
    ['assertion.run_attempt', GITHUB, 'do not give google.subject'],
    ['assertion.teams', GITHUB, 'do not give google.subject'],
    ['assertion.sub', { sub: '' }, 'google.subject is empty'],
    ['assertion.sub', { sub: 'a'.repeat(128) }, 'more than 127 bytes'],
    ['assertion.sub', { sub: 'é'.repeat(64) }, 'more than 127 bytes'],
    ['assertion.sub', { sub: 'a\nb' }, 'cannot be seen'],
    ['assertion.sub', { sub: 'a\u202eb' }, 'cannot be seen'],
    ['assertion.sub', { sub: ' a' }, 'cannot be seen'],
    [
      "assertion.b.exists(x, x == 'y') ? 'a' : 'b'",
      { b: Array.from({ length: 501 }, () => 'x') },
      'do not give',
    ],
    ["assertion.b.replace('', assertion.b)", { b: 'x'.repeat(8_000) }, 'do not give'],
    ['assertion.sub', JSON.parse(`{"sub":"a","deep":${'['.repeat(40)}${']'.repeat(40)}}`), 'nested'],
  ])('%s does not take %#', async (expression, claims, says) => {
    const map = await compile({ 'google.subject': expression });

    expect(() => map(claims as Claims)).toThrow(says);
    expect(() => map(claims as Claims)).toThrow(MappingFailure);
  });

  it('does not take groups without number, nor attributes without size', async () => {
    const map = await compile({ 'google.subject': "'a'", 'google.groups': 'assertion.groups' });

    expect(() => map({ groups: Array.from({ length: 401 }, (_, at) => `g${at}`) })).toThrow('400 groups');
    expect(() => map({ groups: ['x'.repeat(9_000)] })).toThrow('8192 bytes');
    expect(() => map({ groups: ['a', 1] })).toThrow('google.groups');
  });

  it('takes any claims, or refuses them', async () => {
    const map = await compile(
      {
        'google.subject': 'assertion.sub',
        'attribute.a': "has(assertion.a) ? string(assertion.a) : ''",
        'google.groups': 'assertion.groups',
      },
      "google.subject != 'x' && attribute.a != 'y' && !('z' in google.groups)",
    );
    fc.assert(
      fc.property(
        fc.record({
          sub: fc.anything(),
          a: fc.jsonValue(),
          groups: fc.oneof(fc.jsonValue(), fc.array(fc.string())),
        }),
        (claims) => {
          try {
            const { subject, groups } = map(JSON.parse(JSON.stringify(claims)) as Claims);
            expect(subject).not.toBe('x');
            expect(groups).not.toContain('z');
          } catch (error) {
            expect(error).toBeInstanceOf(MappingFailure);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
