import { describe, expect, it } from 'bun:test';
import type { AccountRow } from '../core/accounts.ts';
import { type Account, ANONYMOUS, type Principal, type ResourceName } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import type { PolicyBinding } from '../core/policy.ts';
import { failureOf } from '../testing/failure-of.ts';
import { PolicyAuthorizer } from './authorizer.ts';
import { CelConditions } from './conditions.ts';
import { PolicyGrantGuard } from './grant-guard.ts';

const READ: Permission = 'artifactregistry.repositories.downloadArtifacts';
const WRITE: Permission = 'artifactregistry.repositories.uploadArtifacts';
const READER = 'roles/artifactregistry.reader';
const WRITER = 'roles/artifactregistry.writer';
const PROJECT: ResourceName = 'projects/a';
const REPOSITORY: ResourceName = 'projects/a/locations/us/repositories/r';
const OTHER: ResourceName = 'projects/b/locations/us/repositories/r';
const WHILE = "resource.tag == 'v1'";

const conditions = new CelConditions();
const grant = (on: ResourceName, role: string, member: string, condition?: string) => ({
  on,
  binding: {
    role,
    members: [member],
    ...(condition && { condition: { expression: condition, title: 't' } }),
  },
});
type Grants = readonly { readonly on: ResourceName; readonly binding: PolicyBinding }[];

const stored = (id: string, groups: readonly string[] = []): AccountRow => ({
  kind: 'user',
  id,
  groups,
  disabled: false,
});
const ACCOUNTS = [stored('ann'), stored('bob', ['web'])];

function guardOn(grants: Grants): PolicyGrantGuard {
  const bindingsOf = (on: ResourceName) =>
    grants.filter((each) => each.on === on).map(({ binding }) => binding);
  const policies = {
    revision: () => 1,
    policy: (on: ResourceName) => ({ revision: 1, auditConfigs: [], bindings: bindingsOf(on) }),
    customRole: (name: string) => (name === 'projects/a/roles/own' ? [READ] : undefined),
  };
  const places = [...new Set(grants.map(({ on }) => on))];
  return new PolicyGrantGuard({
    decisions: new PolicyAuthorizer({ policies, conditions, now: () => 0 }),
    policies,
    accounts: { find: async (id) => ACCOUNTS.find((account) => account.id === id) },
    grants: {
      policiesMentioning: (members) =>
        places.filter((on) =>
          bindingsOf(on).some((binding) =>
            binding.members.some((each) => members.includes(each) || each.startsWith('project')),
          ),
        ),
      policiesBinding: (role) =>
        places.filter((on) => bindingsOf(on).some((binding) => binding.role === role)),
    },
  });
}
const account = (id: string, more: Partial<Account> = {}): Account => ({
  kind: 'user',
  id,
  belongsTo: [],
  ...more,
});
const ann = account('ann');

/** Says whether a check lets through; any other failure fails the test. */
async function passes(check: Promise<void>): Promise<boolean> {
  return check.then(
    () => true,
    (error: unknown) => {
      expect(error).toMatchObject({ code: 'PERMISSION_DENIED', reason: 'GRANT_EXCEEDED' });
      return false;
    },
  );
}

describe('what someone may give', () => {
  const cases: readonly (readonly [
    says: string,
    grants: Grants,
    who: Principal,
    condition: string | undefined,
    may: boolean,
  ])[] = [
    ['what they hold there', [grant(REPOSITORY, READER, 'user:ann')], ann, undefined, true],
    ['what they hold above', [grant('/', READER, 'user:ann')], ann, undefined, true],
    ['more than the role', [grant(PROJECT, WRITER, 'user:ann')], ann, undefined, true],
    ['by a role of its own', [grant(REPOSITORY, 'projects/a/roles/own', 'user:ann')], ann, undefined, true],
    [
      'by a group',
      [grant(REPOSITORY, READER, 'group:web')],
      account('bob', { belongsTo: ['group:web'] }),
      undefined,
      true,
    ],
    ['what everyone holds', [grant(REPOSITORY, READER, 'allUsers')], ann, undefined, true],
    ['under a condition, what they hold without', [grant(REPOSITORY, READER, 'user:ann')], ann, 'true', true],
    [
      'under a condition, what they hold under it',
      [grant(REPOSITORY, READER, 'user:ann', WHILE)],
      ann,
      WHILE,
      true,
    ],
    ['nothing', [], ann, undefined, false],
    ['what they hold beside', [grant(OTHER, READER, 'user:ann')], ann, undefined, false],
    ['what another holds', [grant(REPOSITORY, READER, 'user:bob')], ann, undefined, false],
    [
      'what they hold under a condition',
      [grant(REPOSITORY, READER, 'user:ann', WHILE)],
      ann,
      undefined,
      false,
    ],
    ['under another condition', [grant(REPOSITORY, READER, 'user:ann', WHILE)], ann, 'true', false],
    ['even while it holds', [grant(REPOSITORY, READER, 'user:ann', 'true')], ann, undefined, false],
    [
      'with a token that may do less',
      [grant(REPOSITORY, READER, 'user:ann')],
      account('ann', { scope: { permissions: [WRITE] } }),
      undefined,
      false,
    ],
    [
      'with a token for elsewhere',
      [grant('/', READER, 'user:ann')],
      account('ann', { scope: { resources: [OTHER] } }),
      undefined,
      false,
    ],
    ['without a name', [grant('/', READER, 'user:ann')], ANONYMOUS, undefined, false],
  ];
  it.each(cases)('%s', async (_, grants, who, condition, may) => {
    const guard = guardOn(grants);
    expect(await passes(guard.requireHolds(who, [READ], REPOSITORY, condition))).toBe(may);
  });

  it('is a role only where all of it is held', async () => {
    const guard = guardOn([grant(REPOSITORY, READER, 'user:ann')]);
    expect(await passes(guard.requireMayBind(ann, READER, 'user:bob', REPOSITORY))).toBe(true);
    expect(String(await failureOf(guard.requireMayBind(ann, WRITER, 'user:bob', REPOSITORY)))).toMatch(
      /You may not grant roles\/artifactregistry.writer on .*You lack (?:artifactregistry\.\w+\.\w+(?:, | and )){5}6 more\./,
    );
  });
});

describe('whoever acts for another', () => {
  const cases: readonly (readonly [says: string, grants: Grants, member: string, may: boolean])[] = [
    [
      'holds all of theirs',
      [grant('/', 'roles/owner', 'user:ann'), grant(OTHER, WRITER, 'user:bob')],
      'user:bob',
      true,
    ],
    ['need hold nothing, when they do', [], 'user:bob', true],
    ['is themselves', [grant(OTHER, WRITER, 'user:ann', WHILE)], 'user:ann', true],
    [
      'lacks some of theirs',
      [grant(PROJECT, READER, 'user:ann'), grant(PROJECT, WRITER, 'user:bob')],
      'user:bob',
      false,
    ],
    [
      'holds it elsewhere',
      [grant(OTHER, WRITER, 'user:ann'), grant(PROJECT, WRITER, 'user:bob')],
      'user:bob',
      false,
    ],
    ['lacks what their group holds', [grant(PROJECT, WRITER, 'group:web')], 'user:bob', false],
    ['lacks what the group holds', [grant(PROJECT, WRITER, 'group:web')], 'group:web', false],
    ['lacks what holds under a condition', [grant(PROJECT, READER, 'user:bob', WHILE)], 'user:bob', false],
    [
      'holds it under the same condition',
      [grant(PROJECT, READER, 'user:bob', WHILE), grant(PROJECT, READER, 'user:ann', WHILE)],
      'user:bob',
      true,
    ],
    [
      'lacks what holders of a basic role get',
      [grant(PROJECT, 'roles/viewer', 'user:bob'), grant(PROJECT, 'roles/viewer', 'user:ann')].concat(
        grant(REPOSITORY, WRITER, 'projectViewer:a'),
        grant(OTHER, WRITER, 'projectViewer:b'),
      ),
      'user:bob',
      true,
    ],
    [
      'is no holder of the basic role',
      [grant(PROJECT, 'roles/viewer', 'user:bob'), grant(REPOSITORY, WRITER, 'projectViewer:a')],
      'user:bob',
      false,
    ],
  ];
  it.each(cases)('%s', async (_, grants, member, may) => {
    expect(await passes(guardOn(grants).requireCovers(ann, member))).toBe(may);
  });

  it('counts with the limits of the token, also for themselves', async () => {
    const guard = guardOn([grant(PROJECT, WRITER, 'user:ann')]);
    const limited = account('ann', { scope: { permissions: [READ] } });
    expect(await passes(guard.requireCovers(limited, 'user:ann'))).toBe(false);
  });

  it('learns where only of places they know', async () => {
    const known = guardOn([grant(PROJECT, READER, 'user:ann'), grant(REPOSITORY, WRITER, 'user:bob')]);
    expect(String(await failureOf(known.requireCovers(ann, 'user:bob')))).toMatch(REPOSITORY);
    const unknown = guardOn([grant(OTHER, READER, 'user:ann'), grant(REPOSITORY, WRITER, 'user:bob')]);
    expect(String(await failureOf(unknown.requireCovers(ann, 'user:bob')))).toMatch(
      'in places you cannot see',
    );
  });
});

describe('what a role comes to give', () => {
  const OWN = 'projects/a/roles/own';
  it('must be held wherever it is bound', async () => {
    const bound = grant(REPOSITORY, OWN, 'user:bob');
    const may = (grants: Grants, permissions: readonly Permission[] = [WRITE]) =>
      passes(guardOn(grants).requireMayExtend(ann, OWN, permissions));
    expect(await may([])).toBe(true);
    expect(await may([bound], [])).toBe(true);
    expect(await may([bound])).toBe(false);
    expect(await may([bound, grant(PROJECT, WRITER, 'user:ann')])).toBe(true);
    expect(await may([bound, grant(OTHER, OWN, 'user:bob'), grant(PROJECT, WRITER, 'user:ann')])).toBe(false);
    expect(await may([grant(PROJECT, OWN, 'allUsers'), grant('/', WRITER, 'user:ann')])).toBe(false);
    expect(await may([grant(PROJECT, OWN, 'allUsers'), grant('/', 'roles/owner', 'user:ann')])).toBe(true);
  });

  it('does not tell where that is to those who cannot know', async () => {
    const guard = guardOn([grant(REPOSITORY, OWN, 'user:bob')]);
    expect(String(await failureOf(guard.requireMayExtend(ann, OWN, [WRITE])))).toMatch(
      'somewhere you cannot see',
    );
  });
});
