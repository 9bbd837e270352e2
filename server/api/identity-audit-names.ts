import type { RouteAudit } from './route.ts';

/** Google keeps people in Workspace, whose audit log has these names (cloud.google.com/logging/docs/audit/gsuite-audit-logging). */
const ADMIN = 'admin.googleapis.com';

const ofAdmin =
  (type: RouteAudit['type']) =>
  (method: string): RouteAudit => ({ service: ADMIN, method: `google.admin.AdminService.${method}`, type });
const write = ofAdmin('ADMIN_WRITE');
const read = ofAdmin('ADMIN_READ');

/** What is done to users, groups and their tokens, as the audit log calls it. */
export const IDENTITY_AUDIT = {
  createUser: write('createUser'),
  getUser: read('getUser'),
  listUsers: read('listUsers'),
  updateUser: write('updateUser'),
  deleteUser: write('deleteUser'),
  disableUser: write('suspendUser'),
  enableUser: write('unsuspendUser'),
  changePassword: write('changePassword'),
  removePassword: write('removePassword'),

  createGroup: write('createGroup'),
  getGroup: read('getGroup'),
  listGroups: read('listGroups'),
  updateGroup: write('updateGroup'),
  deleteGroup: write('deleteGroup'),
  addMember: write('addGroupMember'),
  removeMember: write('removeGroupMember'),
  listMembers: read('listGroupMembers'),

  createToken: write('createToken'),
  getToken: read('getToken'),
  listTokens: read('listTokens'),
  revokeToken: write('revokeToken'),
} as const;
