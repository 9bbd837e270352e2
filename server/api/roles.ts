import { components } from '../../contract/components.ts';
import { noQuery, patchQuery } from '../../contract/schemas/requests.ts';
import { deleteRoleQuery, listRolesQuery, type Role } from '../../contract/schemas/role.ts';
import { invalid, RegistryError } from '../core/error.ts';
import type { ResourceName } from '../core/iam.ts';
import { shownName } from '../core/installation.ts';
import type { RoleContent, RoleRecord } from '../core/roles.ts';
import { ofIam } from './audit-names.ts';
import { type FieldTree, maskedUpdate } from './masked-update.ts';
import { listAnswer, pageRequest } from './page-request.ts';
import { onInstallation, onProject, param, PROJECT } from './places.ts';
import { found } from './refusals.ts';
import { checkedRole, requireSameRole, shownRole } from './role-document.ts';
import { type ApiCall, type ApiRoute, defineRoute, json, type Params } from './route.ts';
import { parseMask } from './update-mask.ts';

const ROLE_ID = /^[a-zA-Z0-9_.]{3,64}$/;

const FIELDS: FieldTree = {
  title: 'mutable',
  description: 'mutable',
  includedPermissions: 'mutable',
  stage: 'mutable',
  name: 'output',
  etag: 'output',
  deleted: 'output',
};

/** What has custom roles. */
interface Home {
  /** In front of the routes' ids. */
  readonly id: string;
  readonly path: string;
  readonly on: (params: Params) => ResourceName;
}

/** google/iam/admin/v1/iam.proto, custom roles. */
export const customRoleRoutes: readonly ApiRoute[] = [
  ...routesOf({ id: 'projects.roles', path: `${PROJECT}/roles`, on: onProject }),
  ...routesOf({ id: 'organizations.roles', path: '/v1/organizations/entrepot/roles', on: onInstallation }),
];

function routesOf({ id, path, on }: Home): readonly ApiRoute[] {
  const parentAt = (params: Params): string => shownName(on(params));
  const nameAt = (params: Params): string => `${parentAt(params)}/roles/${param(params, 'role')}`;
  return [
    defineRoute({
      id: `${id}.list`,
      method: 'GET',
      path,
      permission: 'iam.roles.list',
      audit: ofIam('ListRoles', 'ADMIN_READ'),
      on,
      summary: 'Lists custom roles.',
      query: listRolesQuery,
      response: components.ListRolesResponse,
      run: async (call) => {
        const { view, showDeleted = false } = call.query;
        const request = pageRequest(call, { of: `${id} ${showDeleted}` });
        const page = await call.parts.resources.roles.list(parentAt(call.params), {
          ...request.query,
          showDeleted,
        });
        return json(listAnswer('roles', page, request, (role) => shownRole(role, view)));
      },
    }),
    defineRoute({
      id: `${id}.get`,
      method: 'GET',
      path: `${path}/:role`,
      permission: 'iam.roles.get',
      audit: ofIam('GetRole', 'ADMIN_READ'),
      on,
      summary: 'Gets a custom role.',
      query: noQuery,
      response: components.Role,
      run: async ({ parts, params }) => {
        const name = nameAt(params);
        return json(shownRole(found(await parts.resources.roles.get(name), name), 'FULL'));
      },
    }),
    defineRoute({
      id: `${id}.create`,
      method: 'POST',
      path,
      permission: 'iam.roles.create',
      audit: ofIam('CreateRole', 'ADMIN_WRITE'),
      on,
      summary: 'Creates a custom role.',
      query: noQuery,
      body: components.CreateRoleRequest,
      response: components.Role,
      run: async ({ parts, params, body: { roleId = '', role = {} } }) => {
        if (!ROLE_ID.test(roleId))
          throw invalid(
            'ROLE_INVALID',
            'The role_id must be 3 to 64 letters, digits, underscores and periods.',
            {
              field: 'role_id',
            },
          );
        const parent = parentAt(params);
        const name = `${parent}/roles/${roleId}`;
        return json(shownRole(await parts.resources.roles.create(name, checkedRole(role, parent)), 'FULL'));
      },
    }),
    defineRoute({
      id: `${id}.patch`,
      method: 'PATCH',
      path: `${path}/:role`,
      permission: 'iam.roles.update',
      audit: ofIam('UpdateRole', 'ADMIN_WRITE'),
      on,
      summary: 'Changes a custom role.',
      query: patchQuery,
      body: components.Role,
      response: components.Role,
      run: (call) => {
        const mask = parseMask(call.query.updateMask);
        return changed(call, nameAt(call.params), call.body.etag, (current) => {
          requireLiving(current);
          const wanted = maskedUpdate(FIELDS, documentOf(current), { ...call.body }, mask);
          return { ...checkedRole(wanted, parentAt(call.params)), deleted: false };
        });
      },
    }),
    defineRoute({
      id: `${id}.delete`,
      method: 'DELETE',
      path: `${path}/:role`,
      permission: 'iam.roles.delete',
      audit: ofIam('DeleteRole', 'ADMIN_WRITE'),
      on,
      summary: 'Puts a custom role out of use. Whoever it is bound to holds nothing by it.',
      query: deleteRoleQuery,
      response: components.Role,
      run: (call) =>
        changed(call, nameAt(call.params), call.query.etag, (current) => {
          requireLiving(current);
          return { ...current, deleted: true };
        }),
    }),
    defineRoute({
      id: `${id}.undelete`,
      method: 'POST',
      path: `${path}/:role:undelete`,
      permission: 'iam.roles.undelete',
      audit: ofIam('UndeleteRole', 'ADMIN_WRITE'),
      on,
      summary: 'Brings a deleted custom role back, and what is granted by it.',
      query: noQuery,
      body: components.UndeleteRoleRequest,
      response: components.Role,
      run: (call) =>
        changed(call, nameAt(call.params), call.body.etag, (current) => {
          if (current.deleted) return { ...current, deleted: false };
          throw new RegistryError(
            'FAILED_PRECONDITION',
            'ROLE_NOT_DELETED',
            `${current.name} is not deleted.`,
          );
        }),
    }),
  ];
}

type Next = RoleContent & Pick<RoleRecord, 'deleted'>;

/** Changes a role for someone who holds whatever it comes to give, wherever it is bound. */
async function changed(
  { parts, principal }: Pick<ApiCall<unknown, unknown>, 'parts' | 'principal'>,
  name: string,
  etag: string | undefined,
  change: (current: RoleRecord) => Next,
) {
  const { roles } = parts.resources;
  const guarded = async (current: RoleRecord): Promise<Next> => {
    requireSameRole(current, etag);
    const next = change(current);
    const before = new Set(givenBy(current));
    await parts.guard.requireMayExtend(
      principal,
      name,
      givenBy(next).filter((each) => !before.has(each)),
    );
    return next;
  };
  // Once before: a refusal then locks nobody out, and what conditions need is loaded when the transaction begins.
  await guarded(found(await roles.get(name), name));
  return json(shownRole(await roles.change(name, guarded), 'FULL'));
}

const givenBy = ({ deleted, stage, permissions }: Next) =>
  deleted || stage === 'DISABLED' ? [] : permissions;

function requireLiving({ name, deleted }: RoleRecord): void {
  if (deleted)
    throw new RegistryError('FAILED_PRECONDITION', 'ROLE_DELETED', `${name} is deleted. Undelete it first.`);
}

const documentOf = ({ title, description, stage, permissions }: RoleRecord): Role => ({
  title,
  description,
  stage,
  includedPermissions: permissions,
});
