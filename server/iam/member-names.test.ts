import { describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import { parseMember } from './member-names.ts';

const POOL = '//iam.googleapis.com/projects/7/locations/global/workloadIdentityPools/ci';

describe('a member', () => {
  it.each([
    ['allUsers', { kind: 'everyone' }],
    ['user:ann', { kind: 'user', id: 'ann' }],
    [
      'serviceAccount:ci@p.iam.gserviceaccount.com',
      { kind: 'serviceAccount', id: 'ci@p.iam.gserviceaccount.com' },
    ],
    ['group:the web team', { kind: 'group', id: 'the web team' }],
    ['domain:example.com', { kind: 'domain', id: 'example.com' }],
    ['projectViewer:example.com:p', { kind: 'convenience', project: 'example.com:p' }],
    [`principal:${POOL}/subject/a/b:c`, { kind: 'federated', projectNumber: '7', pool: 'ci' }],
    [`principalSet:${POOL}/attribute.ref/x`, { kind: 'federated', projectNumber: '7', pool: 'ci' }],
    ['deleted:group:web?uid=1', { kind: 'deleted' }],
    [`deleted:principal:${POOL}/subject/x`, { kind: 'deleted' }],
  ] as const)('%s is read', (text, member) => {
    expect(parseMember(text)).toEqual(member);
  });

  it.each([
    ['user', 'unknown-type'],
    ['User:ann', 'unknown-type'],
    ['__proto__:x', 'unknown-type'],
    ['user:', 'malformed'],
    ['user:ann ', 'malformed'],
    ['user:ann\n', 'malformed'],
    ['user:a\u202Eb', 'malformed'],
    ['user:ann?uid=1', 'malformed'],
    ['domain:EXAMPLE.com', 'malformed'],
    ['domain:localhost', 'malformed'],
    ['projectOwner:', 'malformed'],
    ['projectOwner:a/b', 'malformed'],
    [`principal:${POOL}/group/x`, 'malformed'],
    [`principalSet:${POOL}/subject/x`, 'malformed'],
    [`principal:${POOL.slice(2)}/subject/x`, 'malformed'],
    ['deleted:allUsers', 'malformed'],
  ] as const)('%j is %s', (text, fault) => {
    expect(parseMember(text)).toBe(fault);
  });

  it('is read from any text at all, in a time that grows with its length', () => {
    const start = fc.constantFrom(
      'user:',
      'domain:',
      'principal:',
      `principalSet:${POOL}/`,
      'deleted:',
      'project',
      '',
    );
    fc.assert(
      fc.property(start, fc.string({ unit: 'binary', maxLength: 3_000 }), (lead, rest) => {
        const member = parseMember(lead + rest);
        if (typeof member !== 'string') expect(lead + rest).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});
