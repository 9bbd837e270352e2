import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { type Account, ANONYMOUS, type ResourceName } from '../core/iam.ts';
import { PERMISSIONS, type Permission } from '../core/permissions.ts';
import { PolicyAuthorizer } from './authorizer.ts';
import { CelConditions } from './conditions.ts';
import { PREDEFINED_ROLES } from './predefined-roles.ts';

interface RoleBinding {
  readonly on: ResourceName;
  readonly role: string;
  readonly member: string;
}

const READ: Permission = 'artifactregistry.repositories.downloadArtifacts';
const WRITE: Permission = 'artifactregistry.repositories.uploadArtifacts';
const DELETE: Permission = 'artifactregistry.repositories.deleteArtifacts';
const ALL = [READ, WRITE, DELETE] as const;
const roles: ReadonlyMap<string, ReadonlySet<Permission>> = new Map([
  ['reader', new Set<Permission>([READ])],
  ['writer', new Set<Permission>([READ, WRITE])],
  ['admin', new Set<Permission>(ALL)],
  ['nothing', new Set<Permission>()],
]);

const conditions = new CelConditions();
const authorizerOn = (bindings: readonly RoleBinding[], revision = () => 1) =>
  new PolicyAuthorizer({
    policies: {
      revision,
      policy: (on) => ({
        revision: 1,
        auditConfigs: [],
        bindings: bindings
          .filter((binding) => binding.on === on)
          .map(({ role, member }) => ({ role, members: [member] })),
      }),
      customRole: (name) => [...(roles.get(name) ?? [])],
    },
    conditions,
    now: () => 0,
  });
const allows = async (
  bindings: readonly RoleBinding[],
  who: Account,
  permission: Permission,
  on: ResourceName,
) => (await authorizerOn(bindings).check(who, permission, on)).allow;

// Few names, many of them beginnings of others.
const label = fc.constantFrom('a', 'ab', 'abc', 'b', 'a-b');
const project = label.map((id): ResourceName => `projects/${id}`);
const repository = fc
  .tuple(label, fc.constantFrom('us', 'us-east1'), label)
  .map(([id, location, name]): ResourceName => `projects/${id}/locations/${location}/repositories/${name}`);
const resource = fc.oneof(fc.constant<ResourceName>('/'), project, repository);
const user = fc.constantFrom('ann', 'bob', 'an');
const group = fc.constantFrom('group:team', 'group:tea', 'group:ann');
const permission = fc.constantFrom(...ALL);
const account = fc.record(
  {
    kind: fc.constantFrom('user' as const, 'service-account' as const),
    id: user,
    belongsTo: fc.uniqueArray(group, { maxLength: 2 }),
    scope: fc.record({ permissions: fc.uniqueArray(permission) }),
  },
  { requiredKeys: ['kind', 'id', 'belongsTo'] },
);
const member = fc.oneof(
  user.map((id) => `user:${id}`),
  user.map((id) => `serviceAccount:${id}`),
  group,
);
const binding = fc.record({ on: resource, role: fc.constantFrom(...roles.keys(), 'unknown'), member });
const bindings = fc.array(binding, { maxLength: 6 });

/** The rule again, said another way. */
function oracle(held: readonly RoleBinding[], who: Account, wanted: Permission, on: ResourceName): boolean {
  if (who.scope?.permissions && !new Set(who.scope.permissions).has(wanted)) return false;
  const names = new Set([`${who.kind === 'user' ? 'user' : 'serviceAccount'}:${who.id}`, ...who.belongsTo]);
  const parts = on.split('/');
  const above = new Set<string>(['/', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))]);
  return held.some(
    (each) => names.has(each.member) && above.has(each.on) && roles.get(each.role)?.has(wanted) === true,
  );
}

describe('a decision', () => {
  test('allows exactly what a role on the resource, or above it, grants to the caller', async () => {
    await fc.assert(
      fc.asyncProperty(bindings, account, permission, resource, async (held, who, wanted, on) => {
        expect(await allows(held, who, wanted, on)).toBe(oracle(held, who, wanted, on));
      }),
      { numRuns: 2_000 },
    );
  });

  test('never takes away for a grant more', async () => {
    await fc.assert(
      fc.asyncProperty(
        bindings,
        binding,
        account,
        permission,
        resource,
        async (held, more, who, wanted, on) => {
          if (await allows(held, who, wanted, on))
            expect(await allows([...held, more], who, wanted, on)).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('does not depend on the order of grants, nor on one being there twice', async () => {
    const shuffled = bindings.chain((held) =>
      fc.tuple(fc.constant(held), fc.shuffledSubarray([...held, ...held], { minLength: held.length * 2 })),
    );
    await fc.assert(
      fc.asyncProperty(shuffled, account, permission, resource, async ([held, other], who, wanted, on) => {
        const [first, second] = [authorizerOn(held), authorizerOn(other)];
        expect(await second.check(who, wanted, on)).toEqual(await first.check(who, wanted, on));
      }),
      { numRuns: 500 },
    );
  });

  test('is only narrowed by the scopes of a credential', async () => {
    await fc.assert(
      fc.asyncProperty(bindings, account, permission, resource, async (held, who, wanted, on) => {
        const { scope, ...owner } = who;
        const permissions = scope?.permissions ?? ALL;
        const whole = await allows(held, owner, wanted, on);
        expect(await allows(held, { ...owner, scope: { permissions } }, wanted, on)).toBe(
          whole && permissions.includes(wanted),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('is no without a grant, and no to a caller who shows nothing', async () => {
    await fc.assert(
      fc.asyncProperty(bindings, account, permission, resource, async (held, who, wanted, on) => {
        expect(await authorizerOn([]).check(who, wanted, on)).toEqual({
          allow: false,
          visible: false,
          partly: false,
        });
        expect(await authorizerOn(held).check(ANONYMOUS, wanted, on)).toEqual({
          allow: false,
          visible: false,
          partly: false,
        });
      }),
    );
  });

  test('lets a list show what single questions would', async () => {
    await fc.assert(
      fc.asyncProperty(
        bindings,
        account,
        permission,
        fc.array(resource),
        async (held, who, wanted, names) => {
          const seen = await authorizerOn(held).visible(who, wanted, names);
          for (const name of names) expect(seen.has(name)).toBe(await allows(held, who, wanted, name));
          expect([...seen].every((name) => names.includes(name))).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});

const reader = (on: ResourceName): RoleBinding => ({ on, role: 'reader', member: 'user:ann' });

describe('a grant', () => {
  const ann: Account = { kind: 'user', id: 'ann', belongsTo: [] };
  test.each<[ResourceName, ResourceName, boolean]>([
    ['/', 'projects/a', true],
    ['/', '/', true],
    ['projects/a', 'projects/a', true],
    ['projects/a', 'projects/a/locations/us/repositories/r', true],
    ['projects/a', '/', false],
    ['projects/a', 'projects/ab', false],
    ['projects/a', 'projects/ab/locations/us/repositories/r', false],
    ['projects/a', 'projects/A', false],
    ['projects/a', 'projects/example.com:a', false],
    ['projects/a/locations/us/repositories/r', 'projects/a', false],
    ['projects/a/locations/us/repositories/r', 'projects/a/locations/us/repositories/r', true],
    ['projects/a/locations/us/repositories/r', 'projects/a/locations/us/repositories/r2', false],
    ['projects/a/locations/us/repositories/r', 'projects/a/locations/us-east1/repositories/r', false],
  ])('on %s reaches %s: %p', async (on, asked, expected) => {
    expect(await allows([reader(on)], ann, READ, asked)).toBe(expected);
  });

  test('without the right makes the resource visible, and its neighbour not', async () => {
    const authorizer = authorizerOn([reader('projects/a')]);

    expect(await authorizer.check(ann, WRITE, 'projects/a')).toEqual({
      allow: false,
      visible: true,
      partly: false,
    });
    expect(await authorizer.check(ann, WRITE, 'projects/b')).toEqual({
      allow: false,
      visible: false,
      partly: false,
    });
  });

  test('given or taken is seen with the next revision', async () => {
    let revision = 1;
    const held: RoleBinding[] = [];
    const authorizer = authorizerOn(held, () => revision);
    const ask = async () => (await authorizer.check(ann, READ, 'projects/a')).allow;
    expect(await ask()).toBe(false);

    held.push(reader('projects/a'));
    expect(await ask()).toBe(false);
    revision += 1;
    expect(await ask()).toBe(true);

    held.pop();
    revision += 1;
    expect(await ask()).toBe(false);
  });
});

test('the owner’s role has every permission there is', () => {
  expect([...(PREDEFINED_ROLES.get('roles/owner')?.permissions ?? [])].sort()).toEqual(
    [...PERMISSIONS].sort(),
  );
});
