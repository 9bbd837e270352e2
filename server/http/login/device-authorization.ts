import { invalid, methodNotAllowed } from '../../core/error.ts';
import { actorOf } from '../actor.ts';
import type { Fixture } from '../front-door.ts';
import { formFields } from '../service-plane.ts';
import { oauthError } from '../token-endpoint.ts';
import { CLIENTS } from './authorization-request.ts';
import type { LoginParts } from './parts.ts';

export const DEVICE_AUTHORIZATION = '/device_authorization';

/** What a program without a browser begins with (RFC 8628 section 3.1). */
export const deviceAuthorization = (parts: LoginParts): Fixture => ({
  route: DEVICE_AUTHORIZATION,
  matches: (path) => path === DEVICE_AUTHORIZATION,
  render: oauthError,
  answer: async ({ request, origin, peer }) => {
    if (request.method !== 'POST') throw methodNotAllowed(`POST a form to ${DEVICE_AUTHORIZATION}`, ['POST']);
    const fields = await formFields(request);
    if (!Object.hasOwn(CLIENTS, fields.get('client_id') ?? ''))
      throw invalid('invalid_client', `client_id is one of ${Object.keys(CLIENTS).join(', ')}`);
    parts.admit(peer());
    const begun = await parts.devices.begin(actorOf(request, peer()));
    const complete = new URLSearchParams({ user_code: begun.userCode }).toString();
    return Response.json(
      {
        device_code: begun.deviceCode,
        user_code: begun.userCode,
        verification_uri: `${origin}/device`,
        verification_uri_complete: `${origin}/device?${complete}`,
        expires_in: begun.expiresInSeconds,
        interval: begun.intervalSeconds,
      },
      { headers: { 'cache-control': 'no-store', pragma: 'no-cache' } },
    );
  },
});
