import type { Role } from '../../contract/schemas/role.ts';
import { invalid, RegistryError } from '../core/error.ts';
import type { ResourceName } from '../core/iam.ts';
import { isPermission, type Permission, PERMISSIONS } from '../core/permissions.ts';
import type { PredefinedRole, RoleContent, RoleRecord } from '../core/roles.ts';
import { etagOf } from './policy-document.ts';

/** cloud.google.com/iam/quotas#limits */
const LONGEST_TITLE = 100;
const LONGEST_DESCRIPTION = 300;
/** What Google answers for roles that never change. */
const NEVER_CHANGED = 'AA==';

/** Only held on the installation, so that a project's role could never give it. */
const ABOVE_PROJECTS =
  /^(?:resourcemanager\.(?:organizations\.|projects\.create$)|entrepot\.(?:users|groups|tokens)\.)/;

/** Permissions that a role of a project, or of the installation, can give. */
export const assignable = (permission: Permission, parent: string): boolean =>
  parent === 'organizations/entrepot' || !ABOVE_PROJECTS.test(permission);

/** Permissions that decide anything about a resource of this kind. */
export function testableOn(on: ResourceName): readonly Permission[] {
  if (on === '/') return PERMISSIONS;
  const prefix = on.includes('/repositories/')
    ? /^artifactregistry\./
    : on.includes('/serviceAccounts/')
      ? /^iam\.serviceAccount/
      : /./;
  return PERMISSIONS.filter((each) => prefix.test(each) && assignable(each, on));
}

type View = 'BASIC' | 'FULL' | undefined;

export function shownRole(role: RoleRecord, view: View): Role {
  const { name, title, description, stage, permissions } = role;
  return {
    name,
    ...(title !== '' && { title }),
    ...(description !== '' && { description }),
    ...(view === 'FULL' && permissions.length > 0 && { includedPermissions: permissions }),
    stage,
    etag: etagOf(role.revision),
    ...(role.deleted && { deleted: true }),
  };
}

export const shownPredefined = (role: PredefinedRole, view: View): Role => ({
  name: role.name,
  title: role.title,
  description: role.description,
  ...(view === 'FULL' && { includedPermissions: [...role.permissions].sort() }),
  stage: 'GA',
  etag: NEVER_CHANGED,
});

/** What a custom role may be. */
export function checkedRole(role: Role, parent: string): RoleContent {
  const { title = '', description = '', stage = 'ALPHA', includedPermissions = [] } = role;
  if (title.length > LONGEST_TITLE)
    throw refusal(`The title has at most ${LONGEST_TITLE} characters.`, 'role.title');
  if (description.length > LONGEST_DESCRIPTION)
    throw refusal(`The description has at most ${LONGEST_DESCRIPTION} characters.`, 'role.description');
  const permissions = [...new Set(includedPermissions)].sort().map((each) => {
    if (isPermission(each) && assignable(each, parent)) return each;
    const why = isPermission(each)
      ? `cannot be held on ${parent}, so no role of it can give it`
      : 'is not valid';
    throw refusal(`Permission ${each.slice(0, 200)} ${why}.`, 'role.included_permissions');
  });
  return { title, description, stage, permissions };
}

/** Roles may be changed without an etag; a wrong one is refused. */
export function requireSameRole({ name, revision }: RoleRecord, etag: string | undefined): void {
  if (!etag || Buffer.from(etag, 'base64').equals(Buffer.from(etagOf(revision), 'base64'))) return;
  throw new RegistryError(
    'ABORTED',
    'ROLE_CHANGED',
    `There were concurrent changes of ${name}. Get the role again and repeat the change with its etag.`,
  );
}

const refusal = (why: string, field: string) => invalid('ROLE_INVALID', why, { field });
