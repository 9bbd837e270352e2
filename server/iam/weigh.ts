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
  const included = binding.permissions.has(permission);
  const member = memberMeaning(binding, names, chain);
  const condition = member !== undefined && binding.condition ? binding.condition(subject) : true;
  return { binding, member, included, condition };
}

const REPOSITORY = /^projects\/[^/]+\/locations\/[^/]+\/repositories\/[^/]+$/;
const SERVICE_ACCOUNT = /^projects\/[^/]+\/serviceAccounts\/[^/]+$/;

/** `resource` and `request` as conditions see them (cloud.google.com/iam/docs/conditions-attribute-reference). */
export function subjectOf(
  on: ResourceName,
  permission: Permission,
  within: Within | undefined,
  time: number,
): ConditionSubject {
  const resource = REPOSITORY.test(on)
    ? { type: 'artifactregistry.googleapis.com/Repository', service: 'artifactregistry.googleapis.com' }
    : SERVICE_ACCOUNT.test(on)
      ? { type: 'iam.googleapis.com/ServiceAccount', service: 'iam.googleapis.com' }
      : { type: 'cloudresourcemanager.googleapis.com/Project', service: serviceOf(permission) };
  return { resource: { name: on, ...resource, ...within }, time: wholeSecond(time) };
}

/** Conditions are told the time in whole seconds, so that within one they answer alike. */
export const wholeSecond = (time: number): number => time - (time % 1000);

/** A name and everything above it, the highest first. */
export function chainOf(on: ResourceName): readonly ResourceName[] {
  if (on === '/') return ['/'];
  const second = on.indexOf('/', 'projects/'.length);
  if (second === -1) return ['/', on];
  return ['/', on.slice(0, second) as ResourceName, on];
}
