import type { Principal, ResourceName } from './iam.ts';
import type { Permission } from './permissions.ts';

/**
 * Keeps everyone from giving what they do not hold. Each check throws PERMISSION_DENIED that says what is lacking.
 * Made inside the transaction that makes the change, before it, what was checked is what is changed.
 *
 * What someone holds only under a condition counts only towards a grant under the very same condition, since the
 * condition may stop to hold and the grant would stay. The limits of a token count as well.
 */
export interface GrantGuard {
  /** `condition` is the CEL expression under which the permissions are to be given, where they are. */
  requireHolds(
    who: Principal,
    permissions: Iterable<Permission>,
    on: ResourceName,
    condition?: string,
  ): Promise<void>;
  /** Everything in the role must be held; giving to everyone, known or not, is a right of its own. */
  requireMayBind(
    who: Principal,
    role: string,
    member: string,
    on: ResourceName,
    condition?: string,
  ): Promise<void>;
  /**
   * Whoever takes over a member (sets a password, makes a key, joins a group) must hold all that is granted to it,
   * or to a group it is in, wherever that is. `member` is written as in bindings: `user:NAME`, `group:NAME`.
   */
  requireCovers(who: Principal, member: string): Promise<void>;
  /** What a role comes to give must be held wherever it is bound. */
  requireMayExtend(who: Principal, role: string, permissions: Iterable<Permission>): Promise<void>;
}

/** Where something is said of someone. */
export interface GrantFinder {
  /** Resources whose own policies name one of these members, or mean the holders of a basic role. */
  policiesMentioning(members: readonly string[]): readonly ResourceName[];
  /** Resources whose own policies bind the role. */
  policiesBinding(role: string): readonly ResourceName[];
}
