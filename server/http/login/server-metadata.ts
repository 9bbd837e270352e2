import { methodNotAllowed } from '../../core/error.ts';
import { asText } from '../boundary.ts';
import type { Fixture } from '../front-door.ts';
import { AUTHORIZE } from './authorize-page.ts';
import { DEVICE_AUTHORIZATION } from './device-authorization.ts';
import type { LoginParts } from './parts.ts';

/** RFC 8414 section 3. */
const METADATA = '/.well-known/oauth-authorization-server';

/** RFC 8414 section 2, and beside it how people can log in here. */
export const serverMetadata = ({ grantTypes, provider }: LoginParts): Fixture => ({
  route: METADATA,
  matches: (path) => path === METADATA,
  render: asText,
  answer: async ({ request, origin }) => {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw methodNotAllowed(`${METADATA} is for GET`, ['GET', 'HEAD']);
    return Response.json(
      {
        issuer: origin,
        authorization_endpoint: `${origin}${AUTHORIZE}`,
        token_endpoint: `${origin}/token`,
        revocation_endpoint: `${origin}/revoke`,
        device_authorization_endpoint: `${origin}${DEVICE_AUTHORIZATION}`,
        response_types_supported: ['code'],
        grant_types_supported: grantTypes,
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none'],
        revocation_endpoint_auth_methods_supported: ['none'],
        authorization_response_iss_parameter_supported: true,
        entrepot_login_methods: ['password', ...(provider ? ['oidc'] : [])],
      },
      { headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } },
    );
  },
});
