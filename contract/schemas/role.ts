import * as z from 'zod/mini';
import { type Answer, choice, flag, int32, maybe, message, text } from '../proto-json.ts';

const stage = choice('google.iam.admin.v1.Role.RoleLaunchStage', {
  ALPHA: 0,
  BETA: 1,
  GA: 2,
  DEPRECATED: 4,
  DISABLED: 5,
  EAP: 6,
});

/** google/iam/admin/v1/iam.proto */
export const role = message({
  name: maybe(text()),
  title: maybe(text()),
  description: maybe(text()),
  includedPermissions: maybe(z.array(text())),
  stage: maybe(stage),
  etag: maybe(text()),
  deleted: maybe(flag()),
});
export type Role = Answer<typeof role>;

const view = maybe(choice('google.iam.admin.v1.RoleView', { BASIC: 0, FULL: 1 }));
const page = { pageSize: maybe(int32()), pageToken: maybe(text()) };

/** `parent` is taken for the sake of clients that list all roles through one method. */
export const listRolesQuery = message({ ...page, view, showDeleted: maybe(flag()), parent: maybe(text()) });
export const deleteRoleQuery = message({ etag: maybe(text()) });
export const createRoleRequest = message({ roleId: maybe(text()), role: maybe(role) });
export const undeleteRoleRequest = message({ etag: maybe(text()) });

export const permission = message({
  name: maybe(text()),
  title: maybe(text()),
  description: maybe(text()),
  stage: maybe(choice('google.iam.admin.v1.Permission.PermissionLaunchStage', { ALPHA: 0, BETA: 1, GA: 2 })),
  customRolesSupportLevel: maybe(
    choice('google.iam.admin.v1.Permission.CustomRolesSupportLevel', {
      SUPPORTED: 0,
      TESTING: 1,
      NOT_SUPPORTED: 2,
    }),
  ),
});
export const queryTestablePermissionsRequest = message({ fullResourceName: maybe(text()), ...page });
export const queryGrantableRolesRequest = message({ fullResourceName: maybe(text()), view, ...page });
