import { invalid, methodNotAllowed, RegistryError } from '../core/error.ts';
import type { IssuedToken } from '../core/iam.ts';
import { formFields } from './service-plane.ts';

interface TokenEndpointOptions {
  /** An access token for the owner of a password. UNAUTHENTICATED when it is wrong. */
  readonly login: (username: string, password: string, peer: string) => Promise<IssuedToken>;
}

/** POST /token (RFC 6749 section 4.3): the CLI's log-in. */
export async function tokenEndpoint(
  { login }: TokenEndpointOptions,
  request: Request,
  peer: string,
): Promise<Response> {
  if (request.method !== 'POST') throw methodNotAllowed('POST a form to /token', ['POST']);
  const fields = await formFields(request);
  if (fields.get('grant_type') !== 'password')
    throw invalid(
      'unsupported_grant_type',
      'grant_type=password, with username and password, is what /token takes',
    );
  const { secret, expiresInSeconds } = await login(
    fields.get('username') ?? '',
    fields.get('password') ?? '',
    peer,
  );
  return Response.json(
    { access_token: secret, expires_in: expiresInSeconds, token_type: 'Bearer' },
    { headers: { 'cache-control': 'no-store' } },
  );
}

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
