import type { ResourceName, Within } from '../core/iam.ts';
import { type Permission, serviceOf } from '../core/permissions.ts';
import type { ConditionSubject } from '../core/policy.ts';

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
