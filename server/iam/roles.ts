import type { Permission } from '../core/permissions.ts';
import type { PolicyReader } from '../core/policy.ts';
import { PREDEFINED_ROLES } from './predefined-roles.ts';

const NOTHING: ReadonlySet<Permission> = new Set();

/** What a role may do, predefined or custom. A role that is not there may do nothing. */
export function permissionsOf(
  role: string,
  policies: Pick<PolicyReader, 'customRole'>,
): ReadonlySet<Permission> {
  const predefined = PREDEFINED_ROLES.get(role);
  if (predefined) return predefined.permissions;
  const custom = policies.customRole(role);
  return custom ? new Set(custom) : NOTHING;
}
