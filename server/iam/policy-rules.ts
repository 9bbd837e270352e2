import { invalid } from '../core/error.ts';
import type { GrantGuard } from '../core/grant-guard.ts';
import type { Principal, ResourceName } from '../core/iam.ts';
import { INSTALLATION } from '../core/installation.ts';
import type { MemberDirectory, PolicyContent, PolicyRules } from '../core/policies.ts';
import type { ConditionCompiler, PolicyBinding, PolicyCondition, PolicyReader } from '../core/policy.ts';
import { isEveryone, type Member, parseMember } from './member-names.ts';
import { PREDEFINED_ROLES } from './predefined-roles.ts';

/** google/iam/v1/policy.proto: every occurrence of a member counts. */
const MOST_MEMBERS = 1_500;
const MOST_GROUPS = 250;
/** As with Google. All of those that mean the caller are asked anew for each thing of a list. */
const MOST_CONDITIONAL = 100;
/** Bytes of a policy as it is stored. */
const LARGEST = 64 * 1024;
const LONGEST_TITLE = 100;
const LONGEST_DESCRIPTION = 256;

interface PolicyRulesOptions {
  readonly guard: Pick<GrantGuard, 'requireMayBind'>;
  readonly conditions: ConditionCompiler;
  readonly policies: Pick<PolicyReader, 'customRole'>;
  readonly members: MemberDirectory;
}

/** One member given one role under one condition: what is added to a policy, or taken from it. */
interface Grant {
  readonly role: string;
  readonly member: string;
  readonly condition: PolicyCondition | undefined;
}

export class CheckedPolicies implements PolicyRules {
  readonly #options: PolicyRulesOptions;

  constructor(options: PolicyRulesOptions) {
    this.#options = options;
  }

  async checked(
    who: Principal,
    on: ResourceName,
    current: PolicyContent,
    wanted: PolicyContent,
  ): Promise<PolicyContent> {
    const bindings = merged(wanted.bindings);
    checkSize({ ...wanted, bindings });
    for (const { condition } of bindings) if (condition) checkWords(condition);
    for (const { logTypes } of wanted.auditConfigs)
      for (const { exemptedMembers } of logTypes)
        for (const member of exemptedMembers) this.#checkMember(member, on);

    const known = new Set(grantsOf(current.bindings).map(keyOf));
    const added = grantsOf(bindings).filter((grant) => !known.has(keyOf(grant)));
    for (const { member } of added) this.#checkMember(member, on);
    for (const role of new Set(added.map((grant) => grant.role))) this.#checkRole(role, on);
    for (const expression of new Set(added.map(({ condition }) => condition?.expression)))
      if (expression !== undefined) await this.#options.conditions.compile(expression);
    await this.#checkHeld(who, on, added);
    return { bindings, auditConfigs: wanted.auditConfigs };
  }

  #checkMember(text: string, on: ResourceName): void {
    const member = parseMember(text);
    if (member === 'unknown-type')
      throw refusal(
        `The member ${text} is of an unknown type. Please set a valid type prefix for the member.`,
      );
    if (member === 'malformed') throw refusal(`The member ${text} is not well formed.`);
    const missing = this.#missing(member);
    if (missing !== undefined) throw refusal(missing);
    if (member.kind !== 'convenience') return;
    const project: ResourceName = `projects/${member.project}`;
    if (on !== project && !on.startsWith(`${project}/`))
      throw refusal(`The member ${text} is of another project; only the resource’s own may be named so.`);
  }

  #missing(member: Member): string | undefined {
    const { members } = this.#options;
    switch (member.kind) {
      case 'user':
        return members.hasUser(member.id) ? undefined : `User ${member.id} does not exist.`;
      case 'serviceAccount':
        return members.hasServiceAccount(member.id)
          ? undefined
          : `Service account ${member.id} does not exist.`;
      case 'group':
        return members.hasGroup(member.id) ? undefined : `Group ${member.id} does not exist.`;
      case 'federated':
        return members.hasPool(member.projectNumber, member.pool)
          ? undefined
          : `Identity Pool does not exist (projects/${member.projectNumber}/locations/global/workloadIdentityPools/${member.pool}).`;
      case 'everyone':
      case 'domain':
      case 'convenience':
      case 'deleted':
        return undefined;
      default:
        return member satisfies never;
    }
  }

  #checkRole(role: string, on: ResourceName): void {
    if (PREDEFINED_ROLES.has(role)) return;
    const home = /^(projects\/[^/]+|organizations\/entrepot)\/roles\/[^/]+$/.exec(role)?.[1];
    const isNear = home === INSTALLATION || home === on || on.startsWith(`${home}/`);
    if (home !== undefined && isNear && this.#options.policies.customRole(role)) return;
    throw refusal(`Role ${role} is not supported for this resource.`);
  }

  /** Once for each role and condition, and once more for everyone. */
  async #checkHeld(who: Principal, on: ResourceName, added: readonly Grant[]): Promise<void> {
    const cases = Map.groupBy(added, (grant) =>
      JSON.stringify([grant.role, grant.condition?.expression, isEveryone(grant.member) && grant.member]),
    );
    for (const [grant] of cases.values())
      if (grant)
        await this.#options.guard.requireMayBind(
          who,
          grant.role,
          grant.member,
          on,
          grant.condition?.expression,
        );
  }
}

/** One binding for each role and condition, each member once, all in the order they came. */
function merged(bindings: readonly PolicyBinding[]): readonly PolicyBinding[] {
  const same = Map.groupBy(bindings, ({ role, condition }) => JSON.stringify([role, written(condition)]));
  return [...same.values()].flatMap((group) => {
    const [first] = group;
    const members = [...new Set(group.flatMap((binding) => binding.members))];
    if (!first || members.length === 0) return [];
    const { role, condition } = first;
    return condition ? [{ role, members, condition }] : [{ role, members }];
  });
}

const written = (condition: PolicyCondition | undefined) =>
  condition && [condition.expression, condition.title, condition.description];

const grantsOf = (bindings: readonly PolicyBinding[]): readonly Grant[] =>
  bindings.flatMap(({ role, members, condition }) => members.map((member) => ({ role, member, condition })));

/** What a condition is called makes no difference to what it gives. */
const keyOf = ({ role, member, condition }: Grant): string =>
  JSON.stringify([role, member, condition?.expression]);

function checkSize(policy: PolicyContent): void {
  const members = policy.bindings.flatMap((binding) => binding.members);
  if (members.length > MOST_MEMBERS)
    throw refusal(
      `The policy has ${members.length} members; ${MOST_MEMBERS} are possible. Put them into groups.`,
    );
  const groups = members.filter((member) => member.startsWith('group:')).length;
  if (groups > MOST_GROUPS)
    throw refusal(`The policy has ${groups} groups; ${MOST_GROUPS} are possible. Combine some of them.`);
  const conditional = policy.bindings.filter(({ condition }) => condition).length;
  if (conditional > MOST_CONDITIONAL)
    throw refusal(
      `The policy has ${conditional} conditional bindings; ${MOST_CONDITIONAL} are possible. Give one condition to ` +
        'several members, or to a group.',
    );
  const size = Buffer.byteLength(JSON.stringify(policy));
  if (size > LARGEST) throw refusal(`The policy has ${size} bytes; ${LARGEST} are possible.`);
}

function checkWords({ title, description = '' }: PolicyCondition): void {
  if (title === '') throw refusal('A condition needs a title.');
  if (title.length > LONGEST_TITLE)
    throw refusal(`A condition’s title has at most ${LONGEST_TITLE} characters.`);
  if (description.length > LONGEST_DESCRIPTION)
    throw refusal(`A condition’s description has at most ${LONGEST_DESCRIPTION} characters.`);
}

const refusal = (why: string) => invalid('POLICY_INVALID', why, { field: 'policy.bindings' });
