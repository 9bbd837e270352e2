import type { Permission } from '../core/permissions.ts';
import { PREDEFINED_ROLES } from './predefined-roles.ts';

/** Roles for the server itself, for moving house, and for everything: none to be recommended. */
const SPECIAL = /^roles\/(?:owner|editor|viewer|.*\.(?:serviceAgent|containerRegistryMigrationAdmin))$/;
const ATTACHMENTS = /attachment/i;

const bySize = [...PREDEFINED_ROLES.values()]
  .filter(({ name }) => !SPECIAL.test(name))
  .sort((a, b) => a.permissions.size - b.permissions.size);

/** The smallest role that is meant for what the permission is about. Owners hold what no other role has. */
export function leastRole(permission: Permission): string | undefined {
  const having = bySize.filter(({ permissions }) => permissions.has(permission));
  const fitting = having.find(({ name }) => !ATTACHMENTS.test(name) || ATTACHMENTS.test(permission));
  return (fitting ?? PREDEFINED_ROLES.get('roles/owner'))?.name;
}
