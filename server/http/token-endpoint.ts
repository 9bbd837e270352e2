import { invalid, methodNotAllowed, type RegistryError } from '../core/error.ts';
import type { Grant } from '../core/oauth.ts';
import { actorOf } from './actor.ts';
import type { Fixture } from './front-door.ts';
import type { FailedLogin } from './login-failures.ts';
import { tokenFields } from './token-fields.ts';

/** Google's libraries and token exchange configurations expect it at other paths, too. */
const PATHS = new Set(['/token', '/v1/token', '/oauth2/v4/token']);

/** POST /token (RFC 6749 section 3.2). */
export const tokenEndpoint = (
  grants: readonly Grant[],
  failedLogin: (login: FailedLogin) => void,
): Fixture => ({
  route: '/token',
  matches: (path) => PATHS.has(path),
  render: oauthError,
  answer: async ({ request, origin, peer }) => {
    if (request.method !== 'POST') throw methodNotAllowed('POST a form to /token', ['POST']);
    const fields = await tokenFields(request);
    const type = fields.get('grant_type');
    const grant = grants.find((known) => known.type === type);
    if (!grant)
      throw invalid(
        'unsupported_grant_type',
        `grant_type is one of ${grants.map((known) => known.type).join(', ')}`,
      );
    const answer = await grant
      .run({
        field: (name) => fields.get(name) ?? undefined,
        origin,
        actor: actorOf(request, peer()),
        authorization: request.headers.get('authorization'),
      })
      .catch((thrown: unknown) => {
        failedLogin({ request, peer: peer(), username: fields.get('username') ?? undefined, thrown });
        throw thrown;
      });
    return Response.json(answer, { headers: { 'cache-control': 'no-store', pragma: 'no-cache' } });
  },
});

/** RFC 6749 section 5.2. */
export const oauthError = ({
  reason,
  message,
  code,
}: Pick<RegistryError, 'reason' | 'message' | 'code'>) => ({
  contentType: 'application/json',
  body: JSON.stringify({
    error:
      code === 'UNAUTHENTICATED'
        ? 'invalid_grant'
        : reason === reason.toLowerCase()
          ? reason
          : 'invalid_request',
    error_description: message,
  }),
});
