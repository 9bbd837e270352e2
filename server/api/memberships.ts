import { components } from '../../contract/components.ts';
import { escapeId } from '../../contract/names.ts';
import type { Membership } from '../../contract/schemas/group.ts';
import { noQuery, pageQuery } from '../../contract/schemas/requests.ts';
import { invalid } from '../core/error.ts';
import type { MembershipRecord } from '../core/groups.ts';
import { memberOf } from '../core/iam.ts';
import { GROUP, groupName } from './groups.ts';
import { IDENTITY_AUDIT } from './identity-audit-names.ts';
import { listAnswer, pageRequest } from './page-request.ts';
import { onInstallation, param } from './places.ts';
import { found } from './refusals.ts';
import { type ApiRoute, defineRoute, json } from './route.ts';
import { timestamp } from './timestamp.ts';

const MEMBERSHIPS = `${GROUP}/memberships`;

const nameOf = (group: string, account: string): string =>
  `${groupName(group)}/memberships/${escapeId(account)}`;

const shownIn =
  (group: string) =>
  ({ kind, account, source, createdAt }: MembershipRecord): Membership => ({
    name: nameOf(group, account),
    member: memberOf({ kind, id: account }),
    source: source === 'manual' ? 'MANUAL' : 'CLAIM',
    createTime: timestamp(createdAt),
  });

export const membershipRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'memberships.create',
    method: 'POST',
    path: MEMBERSHIPS,
    permission: 'entrepot.groups.update',
    audit: IDENTITY_AUDIT.addMember,
    on: onInstallation,
    summary: 'Puts a user or a service account into a group, by a caller who holds all that the group does.',
    query: noQuery,
    body: components.Membership,
    response: components.Membership,
    run: async ({ parts, params, principal, body }) => {
      const group = param(params, 'group');
      const member = memberIn(body.member ?? '');
      await parts.guard.requireCovers(principal, `group:${group}`);
      return json(shownIn(group)(await parts.resources.groups.addMember(group, member)));
    },
  }),

  defineRoute({
    id: 'memberships.get',
    method: 'GET',
    path: `${MEMBERSHIPS}/:membership`,
    permission: 'entrepot.groups.get',
    audit: IDENTITY_AUDIT.listMembers,
    on: onInstallation,
    summary: 'Gets a membership.',
    query: noQuery,
    response: components.Membership,
    run: async ({ parts, params }) => {
      const [group, account] = [param(params, 'group'), param(params, 'membership')];
      const row = await parts.resources.groups.member(group, account);
      return json(shownIn(group)(found(row, nameOf(group, account))));
    },
  }),

  defineRoute({
    id: 'memberships.list',
    method: 'GET',
    path: MEMBERSHIPS,
    permission: 'entrepot.groups.get',
    audit: IDENTITY_AUDIT.listMembers,
    on: onInstallation,
    summary: 'Lists who is in a group.',
    query: pageQuery,
    response: components.ListMembershipsResponse,
    run: async (call) => {
      const group = param(call.params, 'group');
      const request = pageRequest(call, { of: 'memberships' });
      const page = await call.parts.resources.groups.members(group, request.query);
      return json(listAnswer('memberships', page, request, shownIn(group)));
    },
  }),

  defineRoute({
    id: 'memberships.delete',
    method: 'DELETE',
    path: `${MEMBERSHIPS}/:membership`,
    permission: 'entrepot.groups.update',
    audit: IDENTITY_AUDIT.removeMember,
    on: onInstallation,
    summary: 'Takes an account out of a group.',
    query: noQuery,
    response: components.Empty,
    run: async ({ parts, params }) => {
      await parts.resources.groups.removeMember(param(params, 'group'), param(params, 'membership'));
      return json({});
    },
  }),
];

/** In bindings' words, or by the name of the resource. */
function memberIn(text: string): Pick<MembershipRecord, 'kind' | 'account'> {
  const user = /^(?:user:|users\/)(.+)$/.exec(text)?.[1];
  if (user !== undefined) return { kind: 'user', account: user };
  const account = /^(?:serviceAccount:|(?:projects\/[^/]+\/)?serviceAccounts\/)(.+)$/.exec(text)?.[1];
  if (account !== undefined) return { kind: 'service-account', account };
  throw invalid(
    'MEMBER_INVALID',
    'Request contains an invalid argument: member must be user:NAME or serviceAccount:EMAIL; groups have no groups ' +
      'in them.',
    { field: 'member' },
  );
}
