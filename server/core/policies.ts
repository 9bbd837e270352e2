import type { Principal, ResourceName } from './iam.ts';
import type { Policy } from './policy.ts';

export type PolicyContent = Pick<Policy, 'bindings' | 'auditConfigs'>;

/** The policies that resources carry themselves. */
export interface PolicyResources {
  /** Nothing when the resource is not there; an empty one of revision 0 when it never had a policy. */
  get(on: ResourceName): Promise<Policy | undefined>;
  /**
   * NOT_FOUND without the resource, FAILED_PRECONDITION when the installation would be left without an owner. `change`
   * runs inside the transaction, on what is really there, and may refuse by throwing.
   */
  set(on: ResourceName, change: (current: Policy) => Promise<PolicyContent>): Promise<Policy>;
}

/** Who there is to be named in bindings. */
export interface MemberDirectory {
  hasUser(name: string): boolean;
  hasServiceAccount(email: string): boolean;
  hasGroup(name: string): boolean;
  /** By the number of its project. */
  hasPool(projectNumber: string, pool: string): boolean;
}

/** Says what a policy may become. */
export interface PolicyRules {
  /**
   * The wanted policy, its bindings merged by role and condition. INVALID_ARGUMENT for what no policy may say,
   * PERMISSION_DENIED for what this caller may not add.
   */
  checked(
    who: Principal,
    on: ResourceName,
    current: PolicyContent,
    wanted: PolicyContent,
  ): Promise<PolicyContent>;
}
