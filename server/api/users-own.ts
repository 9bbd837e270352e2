import { components } from '../../contract/components.ts';
import { noQuery } from '../../contract/schemas/requests.ts';
import type { Identity } from '../../contract/schemas/user.ts';
import { invalid, RegistryError } from '../core/error.ts';
import { type Account, type Bearer, memberOf } from '../core/iam.ts';
import { UNRECORDED } from './audit-names.ts';
import { IDENTITY_AUDIT } from './identity-audit-names.ts';
import { checkPassword } from './identity-rules.ts';
import { onInstallation, param } from './places.ts';
import { denied } from './refusals.ts';
import { type ApiCall, type ApiRoute, type ApiParts, defineRoute, json } from './route.ts';
import { timestamp } from './timestamp.ts';
import { kindName, shownScope, tokenName } from './token-resource.ts';
import { userName } from './users.ts';

const KINDS = { user: 'USER', 'service-account': 'SERVICE_ACCOUNT', federated: 'FEDERATED' } as const;

/** What everybody may ask of, and do to, themselves. */
export const ownRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'users.me',
    method: 'GET',
    path: '/v1/users/me',
    permission: 'account',
    audit: UNRECORDED,
    on: onInstallation,
    summary: 'Tells the caller who it is, of what kind, in which groups, and what its credential may do.',
    query: noQuery,
    response: components.Identity,
    run: async ({ parts, principal, bearer }) => {
      if (principal.kind === 'anonymous') throw denied(principal, 'account', '/');
      const user = principal.kind === 'user' ? await parts.resources.users.get(principal.id) : undefined;
      return json(identityOf(parts, principal, bearer, user?.displayName ?? ''));
    },
  }),

  defineRoute({
    id: 'users.setPassword',
    method: 'POST',
    path: '/v1/users/:user:setPassword',
    permission: 'account',
    audit: IDENTITY_AUDIT.changePassword,
    on: onInstallation,
    summary:
      'Sets a password: one’s own, with the current one, or another user’s. Ends the log-ins of that user; its ' +
      'personal tokens stay.',
    query: noQuery,
    body: components.SetPasswordRequest,
    response: components.Empty,
    run: async (call) => {
      const { parts, body } = call;
      const user = await allowedUser(call, body.currentPassword);
      const { password = '' } = body;
      checkPassword(password, user);
      await parts.resources.users.setPassword(user, await parts.passwords.hash(password));
      parts.passwords.changed(user);
      return json({});
    },
  }),
];

function identityOf(
  { tokenMaking }: ApiParts,
  account: Account,
  bearer: Bearer | undefined,
  displayName: string,
): Identity {
  const { token, expiresAt = Infinity, kind, key } = bearer ?? {};
  return {
    ...(account.kind === 'user' && { name: userName(account.id) }),
    ...(account.kind === 'service-account' && { name: `projects/-/serviceAccounts/${account.id}` }),
    kind: KINDS[account.kind],
    member: memberOf(account),
    ...(displayName !== '' && { displayName }),
    ...(account.belongsTo.length > 0 && { memberOf: account.belongsTo }),
    credential: {
      ...(kind !== undefined && { kind: kindName(kind) }),
      ...(kind === undefined && key !== undefined && { kind: 'KEY' }),
      ...(token !== undefined && account.kind !== 'federated' && { token: tokenName(account.id, token) }),
      scope: shownScope(tokenMaking, account.scope),
      ...(Number.isFinite(expiresAt) && { expireTime: timestamp(expiresAt) }),
    },
  };
}

/** Whose password may be set: one's own by who knows it, another's by who may manage users and may do no less. */
async function allowedUser(
  {
    parts,
    params,
    principal,
    act,
  }: Pick<ApiCall<unknown, unknown>, 'parts' | 'params' | 'principal' | 'act'>,
  current: string | undefined,
): Promise<string> {
  const asked = param(params, 'user');
  const own = principal.kind === 'user' && (asked === 'me' || asked === principal.id);
  const id = own ? principal.id : asked;
  const mayManage = (await parts.authorizer.check(principal, 'entrepot.users.update', '/')).allow;
  if (own && !principal.scope) {
    const user = await parts.resources.users.get(id);
    if (user?.hasPassword) {
      await confirm(parts, id, current, act?.actor.peer ?? '');
      return id;
    }
  }
  if (!mayManage) throw denied(principal, 'entrepot.users.update', '/');
  await parts.guard.requireCovers(principal, `user:${id}`);
  return id;
}

async function confirm(
  { passwords }: ApiParts,
  user: string,
  current: string | undefined,
  peer: string,
): Promise<void> {
  if (current === undefined || current === '')
    throw invalid(
      'CURRENT_PASSWORD_MISSING',
      'Request contains an invalid argument: current_password is required to change your own password.',
      { field: 'current_password' },
    );
  try {
    await passwords.confirm(user, current, peer);
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'UNAUTHENTICATED') throw error;
    throw new RegistryError('PERMISSION_DENIED', 'CURRENT_PASSWORD_WRONG', 'The current password is wrong.');
  }
}
