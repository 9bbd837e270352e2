import { components } from '../../contract/components.ts';
import { noQuery } from '../../contract/schemas/requests.ts';
import { listRolesQuery } from '../../contract/schemas/role.ts';
import type { Permission } from '../core/permissions.ts';
import type { PredefinedRole } from '../core/roles.ts';
import { UNRECORDED } from './audit-names.ts';
import { resourceOfFullName } from './full-resource-name.ts';
import { listAnswer, pageRequest } from './page-request.ts';
import { onInstallation, param } from './places.ts';
import { found } from './refusals.ts';
import { shownPredefined, testableOn } from './role-document.ts';
import { type ApiRoute, defineRoute, json } from './route.ts';
import { slice } from './slice.ts';

/** What can be granted at all. No secret, so every account may read it. */
export const permissionRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'roles.list',
    method: 'GET',
    path: '/v1/roles',
    permission: 'account',
    audit: UNRECORDED,
    on: onInstallation,
    summary: 'Lists the predefined roles.',
    query: listRolesQuery,
    response: components.ListRolesResponse,
    run: async (call) => {
      const request = pageRequest(call, { of: 'roles' });
      const page = slice([...call.parts.predefinedRoles.values()], byName, request.query);
      return json(listAnswer('roles', page, request, (role) => shownPredefined(role, call.query.view)));
    },
  }),
  defineRoute({
    id: 'roles.get',
    method: 'GET',
    path: '/v1/roles/:role',
    permission: 'account',
    audit: UNRECORDED,
    on: onInstallation,
    summary: 'Gets a predefined role.',
    query: noQuery,
    response: components.Role,
    run: async ({ parts, params }) => {
      const name = `roles/${param(params, 'role')}`;
      return json(shownPredefined(found(parts.predefinedRoles.get(name), name), 'FULL'));
    },
  }),
  defineRoute({
    id: 'roles.queryGrantableRoles',
    method: 'POST',
    path: '/v1/roles:queryGrantableRoles',
    permission: 'account',
    audit: UNRECORDED,
    on: onInstallation,
    summary: 'Lists the predefined roles that give something on a resource.',
    query: noQuery,
    body: components.QueryGrantableRolesRequest,
    response: components.ListRolesResponse,
    run: async (call) => {
      const { fullResourceName = '', view } = call.body;
      const testable = new Set(testableOn(resourceOfFullName(fullResourceName)));
      const roles = [...call.parts.predefinedRoles.values()].filter(({ permissions }) =>
        [...permissions].some((each) => testable.has(each)),
      );
      const request = pageRequest({ ...call, query: call.body }, { of: `grantable ${fullResourceName}` });
      const page = slice(roles, byName, request.query);
      return json(listAnswer('roles', page, request, (role) => shownPredefined(role, view)));
    },
  }),
  defineRoute({
    id: 'permissions.queryTestablePermissions',
    method: 'POST',
    path: '/v1/permissions:queryTestablePermissions',
    permission: 'account',
    audit: UNRECORDED,
    on: onInstallation,
    summary: 'Lists the permissions that decide about a resource, all of which custom roles may have.',
    query: noQuery,
    body: components.QueryTestablePermissionsRequest,
    response: components.QueryTestablePermissionsResponse,
    run: async (call) => {
      const { fullResourceName = '' } = call.body;
      const testable = testableOn(resourceOfFullName(fullResourceName));
      const request = pageRequest({ ...call, query: call.body }, { of: `testable ${fullResourceName}` });
      const page = slice(testable, (name) => name, request.query);
      return json(listAnswer('permissions', page, request, shownPermission));
    },
  }),
];

const byName = ({ name }: PredefinedRole): string => name;
const shownPermission = (name: Permission) => ({ name, stage: 'GA' as const });
