import type { Troubleshooting } from '../../contract/schemas/explain.ts';
import type { ExplainedBinding, ExplainedPolicy, Explanation } from '../core/explain.ts';
import type { ResourceName } from '../core/iam.ts';
import type { ConditionResult } from '../core/policy.ts';
import { fullName } from './refusals.ts';

/**
 * An explanation in Policy Troubleshooter's shape (google/cloud/policytroubleshooter/v1/explanations.proto). Of policies
 * that are not seen it has what is about the caller, where the caller is who was asked about, and else nothing.
 */
export function shownExplanation(
  { member, grants, policies }: Explanation,
  seen: ReadonlySet<ResourceName>,
  isOwn: boolean,
): Troubleshooting {
  return {
    access: accessOf(grants),
    principal: member,
    explainedPolicies: policies
      .filter(({ on }) => isOwn || seen.has(on))
      .map((policy) => (seen.has(policy.on) ? policy : ownPart(policy)))
      .filter(({ bindings }) => bindings.length > 0)
      .map((policy) => shownPolicy(policy)),
  };
}

/** What of a policy that may not be read is about whoever asks. */
const ownPart = ({ on, grants, bindings }: ExplainedPolicy): ExplainedPolicy => ({
  on,
  grants,
  bindings: bindings
    .filter(({ meaning }) => meaning.length > 0)
    .map((each) => ({ ...each, binding: { ...each.binding, members: each.meaning } })),
});

const shownPolicy = ({ on, grants, bindings }: ExplainedPolicy) => ({
  access: accessOf(grants),
  fullResourceName: fullName(serviceWord(on), on),
  bindingExplanations: bindings.map(shownBinding),
});

function shownBinding({ binding, grants, included, meaning, condition }: ExplainedBinding) {
  const meant = new Set(meaning);
  return {
    access: accessOf(grants),
    role: binding.role,
    rolePermission: included ? 'ROLE_PERMISSION_INCLUDED' : 'ROLE_PERMISSION_NOT_INCLUDED',
    memberships: Object.fromEntries(
      binding.members.map((member) => [
        member,
        { membership: meant.has(member) ? 'MEMBERSHIP_INCLUDED' : 'MEMBERSHIP_NOT_INCLUDED' },
      ]),
    ),
    ...(binding.condition && { condition: binding.condition }),
    ...(condition !== undefined && {
      conditionExplanation: { value: condition === 'unknown' ? ('UNKNOWN' as const) : condition },
    }),
  };
}

function accessOf(grants: ConditionResult): 'GRANTED' | 'NOT_GRANTED' | 'UNKNOWN_CONDITIONAL' {
  if (grants === 'unknown') return 'UNKNOWN_CONDITIONAL';
  return grants ? 'GRANTED' : 'NOT_GRANTED';
}

/** A permission-like word whose service a resource of this kind has. */
const serviceWord = (on: ResourceName): string =>
  on.includes('/repositories/')
    ? 'artifactregistry.'
    : on.includes('/serviceAccounts/')
      ? 'iam.'
      : 'resourcemanager.';
