import type { ResourceName, Within } from '../core/iam.ts';
import { type Permission, serviceOf } from '../core/permissions.ts';
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

type Described = Pick<ConditionSubject['resource'], 'name' | 'type' | 'service'>;

const REPOSITORY = /^projects\/[^/]+\/locations\/[^/]+\/repositories\/[^/]+$/;
const SERVICE_ACCOUNT = /^projects\/[^/]+\/serviceAccounts\/[^/]+$/;

/** `resource` and `request` as conditions see them (cloud.google.com/iam/docs/conditions-attribute-reference). */
export const subjectOf = (
  on: ResourceName,
  permission: Permission,
  within: Within | undefined,
  time: number,
): ConditionSubject => ({
  resource: { ...describe(on, permission), ...within },
  time: wholeSecond(time),
});

/** Conditions are told the time in whole seconds, so that within one they answer alike. */
export const wholeSecond = (time: number): number => time - (time % 1000);

export function describe(on: ResourceName, permission: Permission): Described {
  if (REPOSITORY.test(on))
    return {
      name: on,
      type: 'artifactregistry.googleapis.com/Repository',
      service: 'artifactregistry.googleapis.com',
    };
  if (SERVICE_ACCOUNT.test(on))
    return { name: on, type: 'iam.googleapis.com/ServiceAccount', service: 'iam.googleapis.com' };
  return {
    name: on,
    type: 'cloudresourcemanager.googleapis.com/Project',
    service: serviceOf(permission),
  };
}

/** A name and everything above it, the highest first. */
export function chainOf(on: ResourceName): readonly ResourceName[] {
  if (on === '/') return ['/'];
  const second = on.indexOf('/', 'projects/'.length);
  if (second === -1) return ['/', on];
  return ['/', on.slice(0, second) as ResourceName, on];
}
