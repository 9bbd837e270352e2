import { describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import type { AccountRow } from '../core/accounts.ts';
import { type Account, ANONYMOUS, type Principal, type ResourceName, type Within } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import type { PolicyBinding } from '../core/policy.ts';
import { PolicyAuthorizer } from './authorizer.ts';
import { CelConditions } from './conditions.ts';
import { PolicyExplainer } from './explain.ts';
import { leastRole } from './least-role.ts';
import { PREDEFINED_ROLES } from './predefined-roles.ts';

type Bindings = readonly (PolicyBinding & { readonly on: ResourceName })[];

const READ: Permission = 'artifactregistry.repositories.downloadArtifacts';
const WRITE: Permission = 'artifactregistry.repositories.uploadArtifacts';
const REPOSITORY: ResourceName = 'projects/a/locations/us/repositories/r';
const READER = 'roles/artifactregistry.reader';
const NOW = Date.parse('2026-03-01T12:00:00Z');

const conditions = new CelConditions();
function partsOn(bindings: Bindings, accounts: readonly AccountRow[] = []) {
  const authorizer = new PolicyAuthorizer({
    policies: {
      revision: () => 1,
      policy: (on) => ({
        revision: 1,
        auditConfigs: [],
        bindings: bindings.filter((each) => each.on === on),
      }),
      customRole: () => undefined,
    },
    conditions,
    now: () => NOW,
  });
  const explainer = new PolicyExplainer({
    decisions: authorizer,
    accounts: { find: async (id) => accounts.find((account) => account.id === id) },
    now: () => NOW,
  });
  return { authorizer, explainer };
}

const ann: Account = { kind: 'user', id: 'ann', belongsTo: ['group:web'] };
const everywhere = new Set<ResourceName>(['/', 'projects/a', REPOSITORY]);

const place = fc.constantFrom<ResourceName>('/', 'projects/a', 'projects/b', REPOSITORY);
const expression = fc.constantFrom(
  undefined,
  'true',
  'false',
  "resource.tag == 'v1'",
  "resource.package.startsWith('team/')",
  "request.time < timestamp('2026-01-01T00:00:00Z')",
  "resource.name.endsWith('/r') || resource.version == 'x'",
);
const binding = fc
  .record({
    on: place,
    role: fc.constantFrom(
      READER,
      'roles/artifactregistry.writer',
      'roles/owner',
      'roles/viewer',
      'roles/none',
    ),
    members: fc.uniqueArray(
      fc.constantFrom('user:ann', 'user:bob', 'group:web', 'allUsers', 'projectOwner:a', 'projectViewer:a'),
      { minLength: 1, maxLength: 3 },
    ),
    expression,
  })
  .map(({ expression: text, ...rest }) => ({
    ...rest,
    ...(text !== undefined && { condition: { expression: text, title: 't' } }),
  }));
const who = fc.constantFrom<Principal>(
  ANONYMOUS,
  ann,
  { kind: 'user', id: 'bob', belongsTo: [] },
  { ...ann, scope: { permissions: [READ] } },
  { ...ann, scope: { resources: ['projects/b'] } },
);
const within = fc.constantFrom<Within | undefined>(
  undefined,
  {},
  { package: 'team/x', tag: 'v1' },
  { package: 'other', version: 'x' },
);

const stored = (id: string, disabled: boolean): AccountRow => ({ kind: 'user', id, disabled, groups: [] });

describe('an explanation', () => {
  it('agrees with the decision, whatever is granted', async () => {
    const seen = { granted: 0, refused: 0, unknown: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(binding, { maxLength: 5 }),
        who,
        fc.constantFrom(READ, WRITE),
        place,
        within,
        async (bindings, principal, permission, on, inside) => {
          const { authorizer, explainer } = partsOn(bindings);
          const decision = await authorizer.check(principal, permission, on, inside);
          const explanation = await explainer.explain(principal, {
            permission,
            on,
            ...(inside && { within: inside }),
          });
          expect(explanation.grants === true).toBe(decision.allow);
          if (!decision.allow) expect(explanation.grants === 'unknown').toBe(decision.partly);
          const granting = explanation.policies
            .flatMap((each) => each.bindings)
            .filter((each) => each.grants === true);
          if (!explanation.obstacle) expect(granting.length > 0).toBe(decision.allow);
          for (const each of granting) expect(each).toMatchObject({ included: true });
          expect(explainer.summary(explanation, everywhere)).not.toMatch(/undefined|\[object/);
          seen[decision.allow ? 'granted' : explanation.grants === 'unknown' ? 'unknown' : 'refused'] += 1;
        },
      ),
      { numRuns: 3_000 },
    );
    expect(Object.values(seen).every((count) => count > 100)).toBe(true);
  });

  it('lists as holders exactly the members to whom it is granted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(binding, { maxLength: 5 }), place, within, async (bindings, on, inside) => {
        const question = { permission: READ, on, ...(inside && { within: inside }) };
        const { explainer } = partsOn(bindings);
        const holders = await explainer.whoCan(question);
        for (const name of ['user:ann', 'user:bob', 'group:web', 'allUsers']) {
          const alone: Principal =
            name === 'allUsers' ? ANONYMOUS : { kind: 'federated', id: name, belongsTo: [] };
          const { grants } = await explainer.explain(alone, question);
          const listed = holders.filter(({ member }) => member === name || member === 'allUsers');
          const byName = listed.some((each) => each.grants === true);
          // Whoever holds a basic role may be meant by that, too.
          if (byName) expect(grants).toBe(true);
          if (grants === true && !holders.some(({ member }) => member.startsWith('project')))
            expect(byName).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  const onRepository = (role: string, members: readonly string[], text?: string): Bindings => [
    { on: REPOSITORY, role, members, ...(text && { condition: { expression: text, title: 'only v1' } }) },
  ];
  const cases: readonly (readonly [says: string, bindings: Bindings, sentence: string])[] = [
    ['nothing', [], 'user:ann does not have X: nothing is granted to it there or above.'],
    [
      'a role of its own',
      onRepository(READER, ['user:ann']),
      `user:ann has X: ${READER} is granted on ${REPOSITORY}.`,
    ],
    [
      'a role of its group, above',
      [{ on: '/', role: READER, members: ['group:web'] }],
      `user:ann has X: ${READER} is granted to group:web on organizations/entrepot.`,
    ],
    [
      'too small a role',
      onRepository('roles/artifactregistry.attachmentReader', ['user:ann']),
      `user:ann does not have X: it has only roles/artifactregistry.attachmentReader on ${REPOSITORY}, and no role with this permission.`,
    ],
    [
      'a condition that holds',
      onRepository(READER, ['user:ann'], 'true'),
      `user:ann has X: ${READER} is granted on ${REPOSITORY} while “only v1” holds, which it does.`,
    ],
    [
      'a condition that does not hold',
      onRepository(READER, ['user:ann'], 'false'),
      `user:ann does not have X: ${READER} is granted on ${REPOSITORY} under the condition “only v1”, which does not hold: false.`,
    ],
    [
      'a condition that the question leaves open',
      onRepository(READER, ['user:ann'], "resource.tag == 'v1'"),
      `user:ann may have X: ${READER} is granted on ${REPOSITORY} under the condition “only v1”, which depends on what the question does not say: resource.tag == 'v1'.`,
    ],
  ];
  it.each(cases)('says in a sentence what came of %s', async (_, bindings, sentence) => {
    const { explainer } = partsOn(bindings);
    const explanation = await explainer.explain(ann, { permission: READ, on: REPOSITORY });
    expect(explainer.summary(explanation, everywhere)).toBe(
      sentence.replace('X', `${READ} on ${REPOSITORY}`),
    );
  });

  it('does not tell of policies that may not be seen', async () => {
    const { explainer } = partsOn([{ on: '/', role: 'roles/owner', members: ['group:web'] }]);
    const explanation = await explainer.explain(ann, { permission: READ, on: REPOSITORY });
    expect(explainer.summary(explanation, new Set([REPOSITORY]))).toBe(
      `user:ann has ${READ} on ${REPOSITORY}: it is granted above, in a policy you may not see.`,
    );
  });

  it('knows of accounts that are disabled, and of those that are not there', async () => {
    const { explainer } = partsOn(onRepository(READER, ['user:ann', 'user:bob']), [
      stored('ann', false),
      stored('bob', true),
    ]);
    const question = { permission: READ, on: REPOSITORY };
    expect(await explainer.explainMember('user:ann', question)).toMatchObject({ grants: true });
    const bob = await explainer.explainMember('user:bob', question);
    expect(bob).toMatchObject({ grants: false, obstacle: 'disabled' });
    expect(bob && explainer.summary(bob, everywhere)).toBe('user:bob is disabled and can do nothing.');
    expect(await explainer.explainMember('user:eve', question)).toBeUndefined();
    expect(await explainer.explainMember('serviceAccount:ann', question)).toBeUndefined();
  });

  it('knows the whole pool of a federated identity', async () => {
    const pool = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci';
    const { explainer } = partsOn(onRepository(READER, [`principalSet:${pool}/*`]));
    const question = { permission: READ, on: REPOSITORY };
    expect(await explainer.explainMember(`principal:${pool}/subject/x`, question)).toMatchObject({
      grants: true,
    });
    expect(
      await explainer.explainMember(`principal:${pool.replace('ci', 'cd')}/subject/x`, question),
    ).toMatchObject({ grants: false });
  });
});

describe('the least role', () => {
  it.each([
    ['artifactregistry.repositories.downloadArtifacts', READER],
    ['artifactregistry.files.download', READER],
    ['artifactregistry.attachments.get', 'roles/artifactregistry.attachmentReader'],
    ['artifactregistry.repositories.uploadArtifacts', 'roles/artifactregistry.writer'],
    ['artifactregistry.repositories.deleteArtifacts', 'roles/artifactregistry.repoAdmin'],
    ['artifactregistry.repositories.createOnPush', 'roles/artifactregistry.createOnPushWriter'],
    ['artifactregistry.repositories.setIamPolicy', 'roles/artifactregistry.admin'],
    ['iam.serviceAccounts.actAs', 'roles/iam.serviceAccountUser'],
    ['resourcemanager.projects.setIamPolicy', 'roles/resourcemanager.projectIamAdmin'],
    ['entrepot.policies.grantPublic', 'roles/entrepot.publicAccessAdmin'],
    ['artifactregistry.vpcscconfigs.update', 'roles/owner'],
  ] as const)('for %s is %s', (permission, role) => {
    expect(leastRole(permission)).toBe(role);
    expect(PREDEFINED_ROLES.get(role)?.permissions.has(permission)).toBe(true);
  });
});
