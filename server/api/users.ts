import { components } from '../../contract/components.ts';
import { escapeId } from '../../contract/names.ts';
import { noFields, noQuery, pageQuery, patchQuery } from '../../contract/schemas/requests.ts';
import { createUserQuery, type User } from '../../contract/schemas/user.ts';
import { invalid } from '../core/error.ts';
import type { UserRecord } from '../core/users.ts';
import { IDENTITY_AUDIT } from './identity-audit-names.ts';
import { checkName, checkPassword, checkTexts } from './identity-rules.ts';
import { type FieldTree, maskedUpdate } from './masked-update.ts';
import { listAnswer, pageRequest } from './page-request.ts';
import { onInstallation, param } from './places.ts';
import { found } from './refusals.ts';
import { type ApiRoute, defineRoute, json } from './route.ts';
import { timestamp } from './timestamp.ts';
import { parseMask } from './update-mask.ts';

const USER = '/v1/users/:user';

export const userName = (id: string): string => `users/${escapeId(id)}`;

const FIELDS: FieldTree = {
  displayName: 'mutable',
  description: 'mutable',
  name: 'output',
  uid: 'output',
  disabled: 'output',
  hasPassword: 'output',
  createTime: 'output',
  updateTime: 'output',
};

const shown = (user: UserRecord): User => ({
  name: userName(user.id),
  uid: user.uid,
  displayName: user.displayName,
  ...(user.description !== '' && { description: user.description }),
  disabled: user.disabled,
  hasPassword: user.hasPassword,
  createTime: timestamp(user.createdAt),
  updateTime: timestamp(user.updatedAt),
});

const switching = (verb: 'disable' | 'enable'): ApiRoute =>
  defineRoute({
    id: `users.${verb}`,
    method: 'POST',
    path: `${USER}:${verb}`,
    permission: 'entrepot.users.update',
    audit: verb === 'disable' ? IDENTITY_AUDIT.disableUser : IDENTITY_AUDIT.enableUser,
    on: onInstallation,
    summary:
      verb === 'disable'
        ? 'Disables a user, ends its log-ins and refuses its tokens.'
        : 'Enables a user again, and with it the personal tokens it has.',
    query: noQuery,
    body: noFields,
    response: components.User,
    run: async ({ parts, params, principal }) => {
      const id = param(params, 'user');
      if (verb === 'enable') await parts.guard.requireCovers(principal, `user:${id}`);
      return json(shown(await parts.resources.users.setDisabled(id, verb === 'disable')));
    },
  });

export const userRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'users.create',
    method: 'POST',
    path: '/v1/users',
    permission: 'entrepot.users.create',
    audit: IDENTITY_AUDIT.createUser,
    on: onInstallation,
    summary: 'Creates a user, who logs in with the password or, without one, through the identity provider.',
    query: createUserQuery,
    body: components.User,
    response: components.User,
    run: async ({ parts, principal, query, body }) => {
      const { userId: id = '' } = query;
      const { password, ...rest } = body;
      checkName(id, 'user_id');
      const texts = checkTexts(rest);
      if (password !== undefined) checkPassword(password, id);
      // Policies may name someone before there is such a user, and domains mean whoever has an address there.
      for (const member of [`user:${id}`, ...domainOf(id)])
        await parts.guard.requireCovers(principal, member);
      const passwordHash = password === undefined ? undefined : await parts.passwords.hash(password);
      const user = { id, ...texts, ...(passwordHash !== undefined && { passwordHash }) };
      return json(shown(await parts.resources.users.create(user)));
    },
  }),

  defineRoute({
    id: 'users.get',
    method: 'GET',
    path: USER,
    permission: 'entrepot.users.get',
    audit: IDENTITY_AUDIT.getUser,
    on: onInstallation,
    summary: 'Gets a user.',
    query: noQuery,
    response: components.User,
    run: async ({ parts, params }) => {
      const id = param(params, 'user');
      return json(shown(found(await parts.resources.users.get(id), userName(id))));
    },
  }),

  defineRoute({
    id: 'users.list',
    method: 'GET',
    path: '/v1/users',
    permission: 'entrepot.users.list',
    audit: IDENTITY_AUDIT.listUsers,
    on: onInstallation,
    summary: 'Lists the users.',
    query: pageQuery,
    response: components.ListUsersResponse,
    run: async (call) => {
      const request = pageRequest(call, { of: 'users' });
      return json(listAnswer('users', await call.parts.resources.users.list(request.query), request, shown));
    },
  }),

  defineRoute({
    id: 'users.patch',
    method: 'PATCH',
    path: USER,
    permission: 'entrepot.users.update',
    audit: IDENTITY_AUDIT.updateUser,
    on: onInstallation,
    summary: 'Changes the display name and the description of a user.',
    query: patchQuery,
    body: components.User,
    response: components.User,
    run: async ({ parts, params, query, body }) => {
      if (body.password !== undefined)
        throw invalid(
          'PASSWORD_INVALID',
          'Request contains an invalid argument: passwords are changed with :setPassword.',
          { field: 'user.password' },
        );
      const mask = parseMask(query.updateMask);
      const user = await parts.resources.users.update(param(params, 'user'), ({ displayName, description }) =>
        checkTexts(maskedUpdate(FIELDS, { displayName, description }, { ...body }, mask)),
      );
      return json(shown(user));
    },
  }),

  switching('disable'),
  switching('enable'),

  defineRoute({
    id: 'users.removePassword',
    method: 'POST',
    path: `${USER}:removePassword`,
    permission: 'entrepot.users.update',
    audit: IDENTITY_AUDIT.removePassword,
    on: onInstallation,
    summary:
      'Lets a user log in through the identity provider only, and ends its log-ins. Personal tokens stay.',
    query: noQuery,
    body: noFields,
    response: components.User,
    run: async ({ parts, params, principal }) => {
      const id = param(params, 'user');
      // Whoever has that name at the provider takes it over.
      await parts.guard.requireCovers(principal, `user:${id}`);
      const user = await parts.resources.users.setPassword(id, undefined);
      parts.passwords.changed(id);
      return json(shown(user));
    },
  }),

  defineRoute({
    id: 'users.delete',
    method: 'DELETE',
    path: USER,
    permission: 'entrepot.users.delete',
    audit: IDENTITY_AUDIT.deleteUser,
    on: onInstallation,
    summary:
      'Deletes a user with its tokens; what was granted to it is not granted to a later one of that name.',
    query: noQuery,
    response: components.Empty,
    run: async ({ parts, params }) => {
      await parts.resources.users.delete(param(params, 'user'));
      return json({});
    },
  }),
];

const domainOf = (id: string): readonly string[] =>
  id.includes('@') ? [`domain:${id.slice(id.lastIndexOf('@') + 1)}`] : [];
