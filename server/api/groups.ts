import { components } from '../../contract/components.ts';
import { escapeId } from '../../contract/names.ts';
import { createGroupQuery, type Group } from '../../contract/schemas/group.ts';
import { noQuery, pageQuery, patchQuery } from '../../contract/schemas/requests.ts';
import type { GroupRecord } from '../core/groups.ts';
import { IDENTITY_AUDIT } from './identity-audit-names.ts';
import { checkName, checkTexts } from './identity-rules.ts';
import { type FieldTree, maskedUpdate } from './masked-update.ts';
import { listAnswer, pageRequest } from './page-request.ts';
import { onInstallation, param } from './places.ts';
import { found } from './refusals.ts';
import { type ApiRoute, defineRoute, json } from './route.ts';
import { timestamp } from './timestamp.ts';
import { parseMask } from './update-mask.ts';

export const GROUP = '/v1/groups/:group';

export const groupName = (id: string): string => `groups/${escapeId(id)}`;

const FIELDS: FieldTree = {
  displayName: 'mutable',
  description: 'mutable',
  name: 'output',
  uid: 'output',
  createTime: 'output',
  updateTime: 'output',
};

const shown = (group: GroupRecord): Group => ({
  name: groupName(group.id),
  uid: group.uid,
  displayName: group.displayName,
  ...(group.description !== '' && { description: group.description }),
  createTime: timestamp(group.createdAt),
  updateTime: timestamp(group.updatedAt),
});

export const groupRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'groups.create',
    method: 'POST',
    path: '/v1/groups',
    permission: 'entrepot.groups.create',
    audit: IDENTITY_AUDIT.createGroup,
    on: onInstallation,
    summary: 'Creates a group without members.',
    query: createGroupQuery,
    body: components.Group,
    response: components.Group,
    run: async ({ parts, query, body }) => {
      const { groupId: id = '' } = query;
      checkName(id, 'group_id');
      return json(shown(await parts.resources.groups.create({ id, ...checkTexts(body) })));
    },
  }),

  defineRoute({
    id: 'groups.get',
    method: 'GET',
    path: GROUP,
    permission: 'entrepot.groups.get',
    audit: IDENTITY_AUDIT.getGroup,
    on: onInstallation,
    summary: 'Gets a group.',
    query: noQuery,
    response: components.Group,
    run: async ({ parts, params }) => {
      const id = param(params, 'group');
      return json(shown(found(await parts.resources.groups.get(id), groupName(id))));
    },
  }),

  defineRoute({
    id: 'groups.list',
    method: 'GET',
    path: '/v1/groups',
    permission: 'entrepot.groups.list',
    audit: IDENTITY_AUDIT.listGroups,
    on: onInstallation,
    summary: 'Lists the groups.',
    query: pageQuery,
    response: components.ListGroupsResponse,
    run: async (call) => {
      const request = pageRequest(call, { of: 'groups' });
      const page = await call.parts.resources.groups.list(request.query);
      return json(listAnswer('groups', page, request, shown));
    },
  }),

  defineRoute({
    id: 'groups.patch',
    method: 'PATCH',
    path: GROUP,
    permission: 'entrepot.groups.update',
    audit: IDENTITY_AUDIT.updateGroup,
    on: onInstallation,
    summary: 'Changes the display name and the description of a group.',
    query: patchQuery,
    body: components.Group,
    response: components.Group,
    run: async ({ parts, params, query, body }) => {
      const mask = parseMask(query.updateMask);
      const group = await parts.resources.groups.update(
        param(params, 'group'),
        ({ displayName, description }) =>
          checkTexts(maskedUpdate(FIELDS, { displayName, description }, { ...body }, mask)),
      );
      return json(shown(group));
    },
  }),

  defineRoute({
    id: 'groups.delete',
    method: 'DELETE',
    path: GROUP,
    permission: 'entrepot.groups.delete',
    audit: IDENTITY_AUDIT.deleteGroup,
    on: onInstallation,
    summary: 'Deletes a group; what was granted to it is not granted to a later one of that name.',
    query: noQuery,
    response: components.Empty,
    run: async ({ parts, params }) => {
      await parts.resources.groups.delete(param(params, 'group'));
      return json({});
    },
  }),
];
