import { describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import { RegistryError } from '../core/error.ts';
import { type ClaimRules, type Claims, identityIn, isMissing } from './oidc-identity.ts';

const ISSUER = 'https://login.test';
const RULES: ClaimRules = { userClaim: 'email', groupsClaim: 'groups', allowedDomains: [] };
const ANN: Claims = { sub: 'u1', email: 'ann@example.com', email_verified: true };

describe('an identity', () => {
  it.each<[string, Claims, Partial<ClaimRules>, object]>([
    ['is named by a verified email', ANN, {}, { name: 'ann@example.com', subject: 'u1', issuer: ISSUER }],
    ['is written small', { ...ANN, email: 'Ann@Example.COM' }, {}, { name: 'ann@example.com' }],
    ['may be verified in words', { ...ANN, email_verified: 'true' }, {}, { name: 'ann@example.com' }],
    ['has the name people read', { ...ANN, name: 'Ann Ä' }, {}, { displayName: 'Ann Ä' }],
    ['has groups', { ...ANN, groups: ['a', 'b', 'a', 7, null] }, {}, { groups: ['a', 'b'] }],
    ['may have one group', { ...ANN, groups: 'a' }, {}, { groups: ['a'] }],
    ['has no groups from what is none', { ...ANN, groups: { a: 1 } }, {}, { groups: [] }],
    ['has groups of another claim', { ...ANN, roles: ['r'] }, { groupsClaim: 'roles' }, { groups: ['r'] }],
    ['is named by another claim', { sub: 'u1', nickname: 'ann' }, { userClaim: 'nickname' }, { name: 'ann' }],
    ['is of an allowed domain', ANN, { allowedDomains: ['a.test', 'example.com'] }, { subject: 'u1' }],
  ])('%s', (_, claims, rules, expected) => {
    expect(identityIn(ISSUER, claims, { ...RULES, ...rules })).toMatchObject(expected);
  });

  it.each<[string, Claims, Partial<ClaimRules>, string]>([
    ['nobody', { email: 'a@b.c', email_verified: true }, {}, 'does not say who you are'],
    ['without email', { sub: 'u1' }, {}, 'does not say your email'],
    ['of an unverified email', { ...ANN, email_verified: false }, {}, 'is not verified'],
    ['of an email of which nothing is said', { sub: 'u1', email: 'a@b.c' }, {}, 'is not verified'],
    ['of another domain', ANN, { allowedDomains: ['example.org'] }, 'example.com are not let in'],
    ['of a domain below an allowed one', ANN, { allowedDomains: ['com'] }, 'are not let in'],
    [
      'of an unverified email of an allowed domain',
      { sub: 'u1', nickname: 'ann', email: 'a@example.com' },
      { userClaim: 'nickname', allowedDomains: ['example.com'] },
      'is not verified',
    ],
    ['without the claim', ANN, { userClaim: 'nickname' }, 'does not say your nickname'],
    ['with a claim that is no text', { ...ANN, n: ['x'] }, { userClaim: 'n' }, 'does not say your n'],
    ['with a name of two words', { ...ANN, n: 'a b' }, { userClaim: 'n' }, 'cannot be a user name'],
    ['with a name of another kind', { ...ANN, n: 'group:a' }, { userClaim: 'n' }, 'cannot be a user name'],
    ['called everyone', { ...ANN, n: 'allUsers' }, { userClaim: 'n' }, 'cannot be a user name'],
    [
      'called a service account',
      { ...ANN, email: 'ci@p.iam.gserviceaccount.com' },
      {},
      'cannot be a user name',
    ],
    ['with an endless name', { ...ANN, n: 'a'.repeat(129) }, { userClaim: 'n' }, 'cannot be a user name'],
  ])('%s is refused', (_, claims, rules, words) => {
    const identify = () => identityIn(ISSUER, claims, { ...RULES, ...rules });

    expect(identify).toThrow(words);
    expect(identify).toThrow(RegistryError);
  });

  it('has a name that bindings can hold, whatever the provider says', () => {
    const claims = fc.record({
      sub: fc.string(),
      n: fc.anything(),
      groups: fc.anything(),
      name: fc.anything(),
    });
    fc.assert(
      fc.property(claims, (said) => {
        try {
          const { name, groups } = identityIn(ISSUER, said, { ...RULES, userClaim: 'n' });
          expect(name).toMatch(/^[a-z0-9][^\s:/]{0,127}$/);
          expect(groups.every((group) => typeof group === 'string')).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError);
        }
      }),
    );
  });
});

describe('the provider is asked for more', () => {
  it.each<[string, Claims, Partial<ClaimRules>, boolean]>([
    ['not when all is there', { ...ANN, groups: [] }, {}, false],
    ['for groups', ANN, {}, true],
    ['for the email', { sub: 'u1', groups: [] }, {}, true],
    ['for the user claim', { ...ANN, groups: [] }, { userClaim: 'nickname' }, true],
    [
      'for the email that domains are in',
      { groups: [], n: 'a' },
      { userClaim: 'n', allowedDomains: ['a'] },
      true,
    ],
    ['not for an email of no use', { groups: [], n: 'a' }, { userClaim: 'n' }, false],
  ])('%s', (_, claims, rules, more) => {
    expect(isMissing(claims, { ...RULES, ...rules })).toBe(more);
  });
});
