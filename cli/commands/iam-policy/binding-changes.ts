import type { Binding, Policy } from '../../../contract/client.ts';
import { CliError, usage } from '../../exit.ts';
import type { WantedCondition } from './condition-flags.ts';

export interface WantedBinding {
  readonly role: string;
  readonly member: string;
  readonly condition: WantedCondition;
}

/** The policy with one grant more; as it was when that is there already. */
export function withBinding(policy: Policy, { role, member, condition }: WantedBinding): Policy {
  requireSaid(policy, condition);
  const bindings = policy.bindings ?? [];
  const same = bindings.find((binding) => isSame(binding, role, condition));
  if (same?.members?.includes(member)) return policy;
  const grown: Binding = {
    role,
    members: [...(same?.members ?? []), member],
    ...(condition !== undefined && condition !== 'none' && { condition }),
  };
  return {
    ...policy,
    bindings: same ? bindings.map((binding) => (binding === same ? grown : binding)) : [...bindings, grown],
  };
}

/** The policy without that grant; with `all`, without any of the role to the member, whatever its condition. */
export function withoutBinding(
  policy: Policy,
  { role, member, condition }: WantedBinding,
  all: boolean,
): Policy {
  if (!all) requireSaid(policy, condition);
  const isMeant = (binding: Binding): boolean =>
    (all ? binding.role === role : isSame(binding, role, condition)) &&
    (binding.members ?? []).includes(member);
  const bindings = policy.bindings ?? [];
  if (!bindings.some(isMeant))
    throw new CliError(
      'notFound',
      `there is no binding of ${role} to ${member}${all ? '' : ' with this condition'}; see get-iam-policy for those there are`,
    );
  const kept = bindings.map((binding) =>
    isMeant(binding)
      ? { ...binding, members: (binding.members ?? []).filter((each) => each !== member) }
      : binding,
  );
  return { ...policy, bindings: kept.filter(({ members = [] }) => members.length > 0) };
}

function isSame(binding: Binding, role: string, condition: WantedCondition): boolean {
  if (binding.role !== role) return false;
  if (condition === undefined || condition === 'none') return binding.condition === undefined;
  const { expression, title, description } = binding.condition ?? {};
  return (
    expression === condition.expression && title === condition.title && description === condition.description
  );
}

/** Where conditions are in use, whoever means a binding without one says so, as with gcloud. */
function requireSaid(policy: Policy, condition: WantedCondition): void {
  if (condition !== undefined || !policy.bindings?.some((binding) => binding.condition)) return;
  throw usage(
    'the policy has conditional bindings, so say which one you mean: --condition=None for a binding that always ' +
      'counts, or the condition',
  );
}
