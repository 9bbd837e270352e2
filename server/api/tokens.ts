import { components } from '../../contract/components.ts';
import { noQuery, pageQuery } from '../../contract/schemas/requests.ts';
import type { Principal } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import type { TokenAddress } from '../core/personal-tokens.ts';
import { IDENTITY_AUDIT } from './identity-audit-names.ts';
import { listAnswer, pageRequest } from './page-request.ts';
import { onInstallation, param } from './places.ts';
import { denied, found } from './refusals.ts';
import { type ApiCall, type ApiRoute, defineRoute, json } from './route.ts';
import { requireAccount, wantedToken } from './token-request.ts';
import { shownToken, tokenName } from './token-resource.ts';

const TOKENS = '/v1/users/:user/tokens';
const TOKEN = `${TOKENS}/:token`;

type Call = Pick<ApiCall<unknown, unknown>, 'parts' | 'params' | 'principal' | 'bearer'>;

const isOwn = (principal: Principal, asked: string): boolean =>
  asked === 'me' ||
  (principal.kind !== 'anonymous' && principal.kind !== 'federated' && principal.id === asked);

/** Whose tokens are meant, once it is known that the caller may know of all of them. */
async function accountFor({ parts, params, principal }: Call, permission: Permission): Promise<string> {
  const asked = param(params, 'user');
  if (isOwn(principal, asked)) {
    const own = requireAccount(principal);
    // A limited credential is no way to the others of its owner.
    if (!own.scope) return own.id;
  }
  const account = asked === 'me' && principal.kind !== 'anonymous' ? principal.id : asked;
  const decision = await parts.authorizer.check(principal, permission, '/');
  if (!decision.allow) throw denied(principal, permission, '/');
  return account;
}

/** The same for one token, of which its own holder may always know. */
async function addressFor(call: Call, permission: Permission): Promise<TokenAddress> {
  const id = param(call.params, 'token');
  const { principal, bearer } = call;
  if (bearer?.token === id && isOwn(principal, param(call.params, 'user')))
    return { account: requireAccount(principal).id, id };
  return { account: await accountFor(call, permission), id };
}

export const tokenRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'users.tokens.create',
    method: 'POST',
    path: TOKENS,
    permission: 'account',
    audit: IDENTITY_AUDIT.createToken,
    on: onInstallation,
    summary:
      'Makes a personal token of the caller’s, which reads only unless its scope says more. Shown once.',
    query: noQuery,
    body: components.Token,
    response: components.Token,
    run: async ({ parts, params, principal, bearer, body }) => {
      if (!isOwn(principal, param(params, 'user'))) throw denied(principal, 'account', '/');
      const { tokenMaking: making } = parts;
      const who = requireAccount(principal);
      const wanted = wantedToken(who, bearer, body, { making, now: parts.now() });
      const { id, secret, hash } = making.mint();
      const row = await parts.resources.tokens.create(hash, { ...wanted, id });
      return json({ ...shownToken(making, who.id, row), token: secret });
    },
  }),

  defineRoute({
    id: 'users.tokens.list',
    method: 'GET',
    path: TOKENS,
    permission: 'account',
    audit: IDENTITY_AUDIT.listTokens,
    on: onInstallation,
    summary: 'Lists the tokens of an account that are still good, without their secrets.',
    query: pageQuery,
    response: components.ListTokensResponse,
    run: async (call) => {
      const account = await accountFor(call, 'entrepot.tokens.list');
      const request = pageRequest(call, { of: 'tokens' });
      const page = await call.parts.resources.tokens.list(account, request.query);
      const shown = shownToken.bind(undefined, call.parts.tokenMaking, account);
      return json(listAnswer('tokens', page, request, shown));
    },
  }),

  defineRoute({
    id: 'users.tokens.get',
    method: 'GET',
    path: TOKEN,
    permission: 'account',
    audit: IDENTITY_AUDIT.getToken,
    on: onInstallation,
    summary: 'Gets a token without its secret.',
    query: noQuery,
    response: components.Token,
    run: async (call) => {
      const address = await addressFor(call, 'entrepot.tokens.list');
      const row = found(
        await call.parts.resources.tokens.get(address),
        tokenName(address.account, address.id),
      );
      return json(shownToken(call.parts.tokenMaking, address.account, row));
    },
  }),

  defineRoute({
    id: 'users.tokens.delete',
    method: 'DELETE',
    path: TOKEN,
    permission: 'account',
    audit: IDENTITY_AUDIT.revokeToken,
    on: onInstallation,
    summary: 'Revokes a token, and with one of a log-in the whole log-in.',
    query: noQuery,
    response: components.Empty,
    run: async (call) => {
      await call.parts.resources.tokens.delete(await addressFor(call, 'entrepot.tokens.revoke'));
      return json({});
    },
  }),
];
