import * as fc from 'fast-check';
import type { Account, Principal, ResourceName, Within } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import type { PolicyReader } from '../core/policy.ts';
import { PREDEFINED_ROLES } from '../iam/predefined-roles.ts';

/*
 * Policies, callers and questions with few names, many of them beginnings of others; and the rule by which they are decided,
 * said again in another way.
 */

export const READ: Permission = 'artifactregistry.repositories.downloadArtifacts';
export const WRITE: Permission = 'artifactregistry.repositories.uploadArtifacts';
export const DELETE: Permission = 'artifactregistry.repositories.deleteArtifacts';
export const ALL = [READ, WRITE, DELETE] as const;
const CUSTOM: ReadonlyMap<string, readonly Permission[]> = new Map([
  ['reader', [READ]],
  ['writer', [READ, WRITE]],
  ['admin', [...ALL]],
  ['nothing', []],
]);

/** A condition as a tree, so that it can be both written and worked out. */
export type Condition =
  | { readonly says: Key; readonly how: 'is' | 'starts'; readonly value: string }
  | { readonly has: keyof Within }
  | { readonly before: number }
  | { readonly not: Condition }
  | { readonly both: readonly [Condition, Condition] }
  | { readonly either: readonly [Condition, Condition] };
type Key = keyof Within | 'name';

export interface Grant {
  readonly on: ResourceName;
  readonly role: string;
  readonly members: readonly string[];
  readonly condition?: Condition;
}

export interface Question {
  readonly who: Principal;
  readonly permission: Permission;
  readonly on: ResourceName;
  readonly within: Within;
}

export function celOf(condition: Condition): string {
  if ('says' in condition) {
    const { says, how, value } = condition;
    return how === 'is'
      ? `resource.${says} == ${JSON.stringify(value)}`
      : `resource.${says}.startsWith(${JSON.stringify(value)})`;
  }
  if ('has' in condition) return `has(resource.${condition.has})`;
  if ('before' in condition) return `request.time < timestamp("${new Date(condition.before).toISOString()}")`;
  if ('not' in condition) return `!(${celOf(condition.not)})`;
  if ('both' in condition) return condition.both.map((part) => `(${celOf(part)})`).join(' && ');
  return condition.either.map((part) => `(${celOf(part)})`).join(' || ');
}

/** CEL's three-valued logic: what is not said is neither true nor false, and only has its way where nothing else decides. */
function holds(condition: Condition, { on, within }: Question, now: number): boolean | undefined {
  if ('says' in condition) {
    const said = condition.says === 'name' ? on : within[condition.says];
    if (said === undefined) return undefined;
    return condition.how === 'is' ? said === condition.value : said.startsWith(condition.value);
  }
  if ('has' in condition) return within[condition.has] !== undefined;
  if ('before' in condition) return now < condition.before;
  const of = (part: Condition) => holds(part, { on, within } as Question, now);
  if ('not' in condition) {
    const value = of(condition.not);
    return value === undefined ? undefined : !value;
  }
  const [values, decisive] =
    'both' in condition ? [condition.both.map(of), false] : [condition.either.map(of), true];
  if (values.includes(decisive)) return decisive;
  return values.includes(undefined) ? undefined : !decisive;
}

const BASIC: Readonly<Record<string, string>> = {
  projectOwner: 'roles/owner',
  projectEditor: 'roles/editor',
  projectViewer: 'roles/viewer',
};

const isBelow = (name: string, above: string): boolean => above === '/' || `${name}/`.startsWith(`${above}/`);

function means(grants: readonly Grant[], grant: Grant, member: string, who: Principal): boolean {
  if (member === 'allUsers') return true;
  if (who.kind === 'anonymous') return false;
  if (member === 'allAuthenticatedUsers') return who.kind !== 'federated';
  if (who.belongsTo.includes(member)) return true;
  const own: Record<Account['kind'], string> = {
    user: `user:${who.id}`,
    'service-account': `serviceAccount:${who.id}`,
    federated: who.id,
  };
  if (member === own[who.kind]) return true;
  const [word = '', project = ''] = member.split(':');
  const role = BASIC[word];
  return (
    role !== undefined &&
    isBelow(grant.on, `projects/${project}`) &&
    grants.some(
      (other) =>
        other.role === role &&
        !other.condition &&
        (other.on === '/' || other.on === `projects/${project}`) &&
        other.members.some((each) => !/^(project|all)/.test(each) && means([], other, each, who)),
    )
  );
}

export const permissionsOf = (role: string): readonly Permission[] =>
  CUSTOM.get(role) ?? [...(PREDEFINED_ROLES.get(role)?.permissions ?? [])];

/** Whether a caller may: the whole rule. */
export function oracle(grants: readonly Grant[], question: Question, now: number): boolean {
  const { who, permission, on } = question;
  if (who.kind !== 'anonymous' && who.scope) {
    const { permissions, resources } = who.scope;
    if (permissions && !permissions.includes(permission)) return false;
    if (resources && !resources.some((above) => isBelow(on, above))) return false;
  }
  return grants.some(
    (grant) =>
      isBelow(on, grant.on) &&
      permissionsOf(grant.role).includes(permission) &&
      grant.members.some((member) => means(grants, grant, member, who)) &&
      (grant.condition === undefined || holds(grant.condition, question, now) === true),
  );
}

/** Policies made of grants. */
export const policiesOf = (
  grants: () => readonly Grant[],
  revision: () => number = () => 1,
): PolicyReader => ({
  revision,
  policy: (on) => ({
    revision: 1,
    auditConfigs: [],
    bindings: grants()
      .filter((grant) => grant.on === on)
      .map(({ role, members, condition }) => ({
        role,
        members,
        ...(condition && { condition: { title: 'a', expression: celOf(condition) } }),
      })),
  }),
  customRole: (name) => CUSTOM.get(name),
});

/** Mostly the first, so that grants and questions meet. */
const mostly = <T extends string>(first: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 2 * others.length, arbitrary: fc.constant(first) }, fc.constantFrom(...others));
const label = mostly('a', 'ab', 'abc', 'b', 'a-b');
const project = label.map((id): ResourceName => `projects/${id}`);
const repository = fc
  .tuple(label, mostly('us', 'us-east1'), label)
  .map(([id, location, name]): ResourceName => `projects/${id}/locations/${location}/repositories/${name}`);
export const resource = fc.oneof(fc.constant<ResourceName>('/'), project, repository);
export const permission = fc.constantFrom(...ALL);

const userName = mostly('ann', 'bob', 'an');
const set = fc.constantFrom('group:team', 'group:tea', 'group:ann', 'domain:example.com');
const federated = fc.constantFrom('principal://iam/subject/one', 'principal://iam/subject/on');
export const account: fc.Arbitrary<Account> = fc.record(
  {
    kind: fc.constantFrom('user' as const, 'service-account' as const),
    id: userName,
    belongsTo: fc.uniqueArray(set, { maxLength: 2 }),
    scope: fc.record(
      {
        permissions: fc.uniqueArray(permission),
        resources: fc.array(resource, { maxLength: 2 }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['kind', 'id', 'belongsTo'] },
);
const outsider: fc.Arbitrary<Account> = fc.record({
  kind: fc.constant('federated' as const),
  id: federated,
  belongsTo: fc.uniqueArray(set, { maxLength: 1 }),
});
export const principal: fc.Arbitrary<Principal> = fc.oneof(
  { weight: 6, arbitrary: account },
  { weight: 1, arbitrary: outsider },
  { weight: 1, arbitrary: fc.constant<Principal>({ kind: 'anonymous' }) },
);

const member = fc.oneof(
  { weight: 4, arbitrary: userName.map((id) => `user:${id}`) },
  userName.map((id) => `serviceAccount:${id}`),
  set,
  federated,
  fc.constantFrom('allUsers', 'allAuthenticatedUsers', 'deleted:user:ann?uid=1', 'deleted:group:team?uid=2'),
  fc.tuple(fc.constantFrom(...Object.keys(BASIC)), label).map(([word, id]) => `${word}:${id}`),
);
const role = fc.constantFrom(...CUSTOM.keys(), 'roles/owner', 'roles/viewer', 'unknown');

export const now = fc.integer({ min: 0, max: 4 }).map((seconds) => seconds * 1000);
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 2, depthIdentifier: 'condition' },
    fc.record({
      says: fc.constantFrom<Key>('package', 'version', 'tag'),
      how: fc.constantFrom('is' as const, 'starts' as const),
      value: label,
    }),
    fc.record({
      says: fc.constant<Key>('name'),
      how: fc.constantFrom('is' as const, 'starts' as const),
      value: resource,
    }),
    fc.record({ has: fc.constantFrom('package', 'version', 'tag') }) as fc.Arbitrary<Condition>,
    fc.record({ before: now }),
    fc.record({ not: tie('condition') }),
    fc.record({ both: fc.tuple(tie('condition'), tie('condition')) }),
    fc.record({ either: fc.tuple(tie('condition'), tie('condition')) }),
  ),
}));
export { condition };

const members = fc.array(member, { minLength: 1, maxLength: 3 });
export const plainGrant: fc.Arbitrary<Grant> = fc.record({ on: resource, role, members });
export const grant: fc.Arbitrary<Grant> = fc.record(
  { on: resource, role, members, condition },
  { requiredKeys: ['on', 'role', 'members'] },
);
export const grants = fc.array(grant, { maxLength: 6 });
export const within: fc.Arbitrary<Within> = fc.record(
  { package: label, version: label, tag: label },
  { requiredKeys: [] },
);
export const question: fc.Arbitrary<Question> = fc.record({
  who: principal,
  permission,
  on: resource,
  within,
});
