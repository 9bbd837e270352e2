import type { Permission } from '../core/permissions.ts';
import type { ConditionResult, ConditionSubject } from '../core/policy.ts';
import type { CompiledBinding, CompiledPolicy } from './compiled-policy.ts';
import { memberMeaning } from './members.ts';

/** What one binding has to say to a question. It grants when all three are so. */
export interface Weighed {
  readonly binding: CompiledBinding;
  /** The member that means the caller; nothing when none does. */
  readonly member: string | undefined;
  readonly included: boolean;
  /** True without a condition. Not looked at where the rest already says no. */
  readonly condition: ConditionResult;
}

export const grants = ({ member, included, condition }: Weighed): boolean =>
  member !== undefined && included && condition === true;

/** The one place that decides what a binding grants; all answers and all explanations are made of it. */
export function weigh(
  binding: CompiledBinding,
  names: ReadonlySet<string>,
  permission: Permission,
  subject: ConditionSubject,
  chain: CompiledPolicy,
): Weighed {
  const { member, included } = weighStanding(binding, names, permission, chain);
  const condition = member === undefined ? true : weighCondition(binding, subject);
  return { binding, member, included, condition };
}

/** The part that stays as it is until policies change: who, and what. */
export const weighStanding = (
  binding: CompiledBinding,
  names: ReadonlySet<string>,
  permission: Permission,
  chain: CompiledPolicy,
): Pick<Weighed, 'member' | 'included'> => ({
  member: memberMeaning(binding, names, chain),
  included: binding.permissions.has(permission),
});

/** The part that differs from one request to the next. */
export const weighCondition = ({ condition }: CompiledBinding, subject: ConditionSubject): ConditionResult =>
  condition ? condition(subject) : true;
