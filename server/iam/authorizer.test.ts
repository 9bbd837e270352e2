import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { type Account, ANONYMOUS, type ResourceName, type Within } from '../core/iam.ts';
import { PERMISSIONS } from '../core/permissions.ts';
import {
  account,
  ALL,
  condition,
  type Grant,
  grant,
  grants,
  now,
  oracle,
  plainGrant,
  policiesOf,
  type Question,
  question,
  READ,
  resource,
  within,
  WRITE,
} from '../testing/policy-model.ts';
import { PolicyAuthorizer } from './authorizer.ts';
import { subjectOf } from './condition-subject.ts';
import { CelConditions } from './conditions.ts';
import { namesOf } from './members.ts';
import { PREDEFINED_ROLES } from './predefined-roles.ts';
import * as weighing from './weigh.ts';

const conditions = new CelConditions();
const authorizerOn = (held: readonly Grant[], at = 0) =>
  new PolicyAuthorizer({ policies: policiesOf(() => held), conditions, now: () => at });

const ask = async (authorizer: PolicyAuthorizer, { who, permission, on, within: inside }: Question) =>
  authorizer.check(who, permission, on, inside);
const allows = async (held: readonly Grant[], asked: Question, at = 0): Promise<boolean> =>
  (await ask(authorizerOn(held, at), asked)).allow;

const assert = <T extends unknown[]>(property: fc.IAsyncProperty<T>, numRuns = 1_000): Promise<void> =>
  fc.assert(property, { numRuns });

describe('a decision', () => {
  test('allows exactly what a role on the resource, or above it, grants to the caller while its condition holds', () =>
    assert(
      fc.asyncProperty(grants, question, now, async (held, asked, at) => {
        expect(await allows(held, asked, at)).toBe(oracle(held, asked, at));
      }),
      3_000,
    ));

  test('is what the bindings say one by one', () =>
    assert(
      fc.asyncProperty(grants, question, now, async (held, asked, at) => {
        const authorizer = authorizerOn(held, at);
        const chain = await authorizer.chain(asked.on);
        const { who, permission, on } = asked;
        const subject = subjectOf(on, permission, asked.within, at);
        const names = namesOf(who);
        const granted = chain.some((binding) =>
          weighing.grants(weighing.weigh(binding, names, permission, subject, chain)),
        );
        const owner =
          who.kind === 'anonymous' ? who : { kind: who.kind, id: who.id, belongsTo: who.belongsTo };
        expect((await ask(authorizer, { ...asked, who: owner })).allow).toBe(granted);
      }),
    ));

  test('never takes away for a grant more', () =>
    assert(
      fc.asyncProperty(grants, grant, question, now, async (held, more, asked, at) => {
        if (await allows(held, asked, at)) expect(await allows([...held, more], asked, at)).toBe(true);
      }),
    ));

  test('is only narrowed by a condition, and not at all by one that always holds', () =>
    assert(
      fc.asyncProperty(grants, plainGrant, condition, question, now, async (held, one, only, asked, at) => {
        const whole = await allows([...held, one], asked, at);
        if (await allows([...held, { ...one, condition: only }], asked, at)) expect(whole).toBe(true);
        const always = { ...one, condition: { before: 10_000 } };
        // Holders of basic roles are looked for among unconditional grants.
        const isBasic = one.role.startsWith('roles/');
        if (!isBasic) expect(await allows([...held, always], asked, at)).toBe(whole);
      }),
    ));

  test('does not depend on the order of grants, nor on one being there twice', () => {
    const shuffled = grants.chain((held) =>
      fc.tuple(fc.constant(held), fc.shuffledSubarray([...held, ...held], { minLength: held.length * 2 })),
    );
    return assert(
      fc.asyncProperty(shuffled, question, now, async ([held, other], asked, at) => {
        expect(await ask(authorizerOn(other, at), asked)).toEqual(await ask(authorizerOn(held, at), asked));
      }),
      500,
    );
  });

  test('is only narrowed by the limits of a credential', () =>
    assert(
      fc.asyncProperty(grants, account, question, async (held, who, asked) => {
        const { scope, ...owner } = who;
        const whole = await allows(held, { ...asked, who: owner });
        const limited = await allows(held, { ...asked, who });
        const inside =
          (scope?.permissions?.includes(asked.permission) ?? true) &&
          (scope?.resources?.some((above) => above === '/' || `${asked.on}/`.startsWith(`${above}/`)) ??
            true);
        expect(limited).toBe(whole && inside);
      }),
    ));

  test('is no without a grant', () =>
    assert(
      fc.asyncProperty(question, now, async (asked, at) => {
        const none = { allow: false, visible: false, partly: false } as const;
        expect(await ask(authorizerOn([], at), asked)).toEqual(none);
      }),
      200,
    ));

  test('lets a list show what single questions would, and what something inside was given on', () =>
    assert(
      fc.asyncProperty(grants, question, fc.array(resource), now, async (held, asked, names, at) => {
        const { who, permission } = asked;
        const authorizer = authorizerOn(held, at);
        const seen = await authorizer.visible(who, permission, names);
        expect([...seen].every((name) => names.includes(name))).toBe(true);
        for (const on of names) {
          const own = held.filter((each) => each.on === on);
          const inside = await authorizerOn(own, at).extent(who, permission, on, {});
          const itself = await allows(held, { ...asked, on, within: {} }, at);
          if (itself) expect(seen.has(on)).toBe(true);
          if (inside === 'none' && !itself && !own.some(meansHolders)) expect(seen.has(on)).toBe(false);
        }
      }),
      500,
    ));
});

/** What is given to the holders of a basic role depends on grants elsewhere. */
const meansHolders = ({ members }: Grant): boolean => members.some((each) => each.startsWith('project'));

const extentOf = (held: readonly Grant[], { who, permission, on }: Question, at: number, inside: Within) =>
  authorizerOn(held, at).extent(who, permission, on, inside);

describe('the extent of a grant', () => {
  const refined = fc.tuple(within, within).map(([some, more]) => [some, { ...more, ...some }] as const);
  test('is all only where everything inside is allowed, and none only where nothing is', () =>
    assert(
      fc.asyncProperty(grants, question, refined, now, async (held, asked, [some, more], at) => {
        const extent = await extentOf(held, asked, at, some);
        const allowed = await allows(held, { ...asked, within: more }, at);
        if (extent === 'all') expect(allowed).toBe(true);
        if (extent === 'none') expect(allowed).toBe(false);
        const named = await ask(authorizerOn(held, at), { ...asked, within: some });
        if (named.allow && named.throughout) expect(allowed).toBe(true);
      }),
      3_000,
    ));

  test('is never only some where no condition has a say', () =>
    assert(
      fc.asyncProperty(fc.array(plainGrant, { maxLength: 6 }), question, now, async (held, asked, at) => {
        const allowed = await allows(held, asked, at);
        expect(await extentOf(held, asked, at, asked.within)).toBe(allowed ? 'all' : 'none');
        const decision = await ask(authorizerOn(held, at), asked);
        if (decision.allow) expect(decision.conditional).toBeUndefined();
      }),
      500,
    ));

  test('is all where what is named decides', async () => {
    const held: Grant[] = [
      {
        on: '/',
        role: 'reader',
        members: ['allUsers'],
        condition: { says: 'package', how: 'is', value: 'a' },
      },
    ];
    const asked: Question = { who: ANONYMOUS, permission: READ, on: 'projects/a', within: {} };
    expect(await extentOf(held, asked, 0, { package: 'a' })).toBe('all');
    expect(await extentOf(held, asked, 0, { package: 'b' })).toBe('none');
    expect(await extentOf(held, asked, 0, {})).toBe('some');
  });
});

describe('what is remembered', () => {
  type Step =
    | { readonly grant: Grant }
    | { readonly revoke: number }
    | { readonly wait: number }
    | { readonly ask: number; readonly question: Question };
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 2, arbitrary: fc.record({ grant }) },
    { weight: 1, arbitrary: fc.record({ revoke: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 2_500 }) }) },
    {
      weight: 8,
      arbitrary: fc.record({ ask: fc.nat(), question }),
    },
  );

  test('is what would be found now, whatever changed and however long ago', () =>
    assert(
      fc.asyncProperty(
        fc.array(question, { minLength: 1, maxLength: 2 }),
        fc.array(step, { maxLength: 25 }),
        async (callers, steps) => {
          let [revision, at] = [1, 0];
          const held: Grant[] = [];
          const lasting = new PolicyAuthorizer({
            policies: policiesOf(
              () => held,
              () => revision,
            ),
            conditions,
            now: () => at,
          });
          for (const each of steps) {
            if ('wait' in each) at += each.wait;
            else if ('ask' in each) {
              const who = callers[each.ask % callers.length]?.who ?? ANONYMOUS;
              const asked = { ...each.question, who };
              const fresh = authorizerOn(held, at);
              expect(await ask(lasting, asked)).toEqual(await ask(fresh, asked));
              const { permission, on, within: inside } = asked;
              expect(await lasting.extent(who, permission, on, inside)).toBe(
                await fresh.extent(who, permission, on, inside),
              );
            } else {
              if ('grant' in each) held.push(each.grant);
              else held.splice(each.revoke % (held.length + 1), 1);
              revision += 1;
            }
          }
        },
      ),
      400,
    ));

  test('stays until the revision moves, and no longer', async () => {
    let revision = 1;
    const held: Grant[] = [];
    const authorizer = new PolicyAuthorizer({
      policies: policiesOf(
        () => held,
        () => revision,
      ),
      conditions,
      now: () => 0,
    });
    const asked = { who: ann, permission: READ, on: 'projects/a', within: {} } as const;
    expect((await ask(authorizer, asked)).allow).toBe(false);

    held.push(reader('projects/a'));
    expect((await ask(authorizer, asked)).allow).toBe(false);
    revision += 1;
    expect((await ask(authorizer, asked)).allow).toBe(true);

    held.pop();
    revision += 1;
    expect((await ask(authorizer, asked)).allow).toBe(false);
  });
});

const ann: Account = { kind: 'user', id: 'ann', belongsTo: [] };
const reader = (on: ResourceName, ...members: string[]): Grant => ({
  on,
  role: 'reader',
  members: members.length > 0 ? members : ['user:ann'],
});

const viewing = (on: ResourceName): Grant => ({ on, role: 'roles/viewer', members: ['user:ann'] });

describe('a grant', () => {
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
    expect(await allows([reader(on)], { who: ann, permission: READ, on: asked, within: {} })).toBe(expected);
  });

  test('without the right makes the resource visible, and its neighbour not', async () => {
    const authorizer = authorizerOn([reader('projects/a')]);
    const denied = { allow: false, partly: false } as const;
    expect(await authorizer.check(ann, WRITE, 'projects/a')).toEqual({ ...denied, visible: true });
    expect(await authorizer.check(ann, WRITE, 'projects/b')).toEqual({ ...denied, visible: false });
  });

  test.each<[string, boolean, boolean]>([
    ['allUsers', true, true],
    ['allAuthenticatedUsers', true, false],
    ['user:ann', true, false],
    ['serviceAccount:ann', false, false],
    ['deleted:user:ann?uid=1', false, false],
    ['user:an', false, false],
    ['group:ann', false, false],
    ['ann', false, false],
    ['', false, false],
  ])('to %p means ann: %p, and who shows nothing: %p', async (member, forAnn, forNobody) => {
    const held = [reader('/', member)];
    const asked = { permission: READ, on: 'projects/a', within: {} } as const;
    expect(await allows(held, { ...asked, who: ann })).toBe(forAnn);
    expect(await allows(held, { ...asked, who: ANONYMOUS })).toBe(forNobody);
  });

  test('to the viewers of a project means those who hold that role on it, always', async () => {
    const on: ResourceName = 'projects/a/locations/us/repositories/r';
    const given = (to: string): Grant => ({ on, role: 'writer', members: [to] });
    const asked = { who: ann, permission: WRITE, on, within: {} } as const;
    const toOwn = given('projectViewer:a');
    expect(await allows([toOwn], asked)).toBe(false);
    expect(await allows([toOwn, viewing('projects/b')], asked)).toBe(false);
    expect(await allows([toOwn, viewing(on)], asked)).toBe(false);
    expect(await allows([given('projectViewer:b'), viewing('projects/b')], asked)).toBe(false);
    expect(await allows([given('projectOwner:a'), viewing('projects/a')], asked)).toBe(false);
    expect(await allows([toOwn, { ...viewing('projects/a'), condition: { before: 1 } }], asked)).toBe(false);
    for (const where of ['projects/a', '/'] as const)
      expect(await allows([toOwn, viewing(where)], asked)).toBe(true);
  });

  test.each([
    ['allUsers', ANONYMOUS],
    ['allUsers', ann],
    ['allAuthenticatedUsers', ann],
  ])('to the viewers of a project does not mean %s, whom it is shown to: %j', async (everybody, who) => {
    const shown: Grant = { on: 'projects/a', role: 'roles/viewer', members: [everybody] };
    const given: Grant = { on: 'projects/a', role: 'writer', members: ['projectViewer:a'] };
    const asked = { who, on: 'projects/a', within: {} } as const;
    expect(await allows([shown, given], { ...asked, permission: READ })).toBe(true);
    expect(await allows([shown, given], { ...asked, permission: WRITE })).toBe(false);
  });

  test('to one of a thousand groups is found by who is in all of them', async () => {
    const groups = Array.from({ length: 1_000 }, (_, at) => `group:g${at}`);
    const many: Account = { ...ann, belongsTo: groups };
    const held = groups.map((group, at) => reader(`projects/a/locations/us/repositories/r${at}`, group));
    const authorizer = authorizerOn([...held, reader('projects/b', 'group:g1000')]);
    for (const at of [0, 1, 500, 999]) {
      const on: ResourceName = `projects/a/locations/us/repositories/r${at}`;
      expect((await authorizer.check(many, READ, on)).allow).toBe(true);
      expect((await authorizer.check(ann, READ, on)).allow).toBe(false);
      expect((await authorizer.check({ ...ann, belongsTo: ['group:g1'] }, READ, on)).allow).toBe(at === 1);
    }
    expect((await authorizer.check(many, READ, 'projects/b')).allow).toBe(false);
  });
});

test('the owner’s role has every permission there is', () => {
  expect([...(PREDEFINED_ROLES.get('roles/owner')?.permissions ?? [])].sort()).toEqual(
    [...PERMISSIONS].sort(),
  );
  expect(ALL.every((permission) => PERMISSIONS.includes(permission))).toBe(true);
});
