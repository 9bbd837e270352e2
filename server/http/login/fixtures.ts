import { invalid, methodNotAllowed } from '../../core/error.ts';
import { actorOf } from '../actor.ts';
import { asText } from '../boundary.ts';
import type { Fixture } from '../front-door.ts';
import { formFields } from '../service-plane.ts';
import { oauthError } from '../token-endpoint.ts';
import { CLIENTS } from './authorization-request.ts';
import { AUTHORIZE, decideAuthorization, showAuthorization } from './authorize-page.ts';
import { decideDevice, showDevice } from './device-page.ts';
import { logInWithPassword, logOut, sendToProvider, showLogin, takeFromProvider } from './login-page.ts';
import { errorPage, forPeople } from './page.ts';
import type { LoginParts } from './parts.ts';
import { STYLE, STYLE_PATH } from './style.ts';
import { Visit } from './visit.ts';

type Answer = (visit: Visit, parts: LoginParts) => Promise<Response>;
type Methods = Readonly<Partial<Record<'GET' | 'POST', Answer>>>;

const PAGES: Readonly<Record<string, Methods>> = {
  '/login': { GET: showLogin, POST: logInWithPassword },
  '/login/oidc': { GET: sendToProvider },
  '/login/callback': { GET: takeFromProvider },
  '/logout': { POST: logOut },
  '/device': { GET: showDevice, POST: decideDevice },
  [AUTHORIZE]: { GET: showAuthorization, POST: decideAuthorization },
};
const DEVICE_AUTHORIZATION = '/device_authorization';
/** RFC 8414 section 3. */
const METADATA = '/.well-known/oauth-authorization-server';

/** Everything of logging in but the token endpoint: pages for people, and what programs begin with. */
export const loginFixtures = (parts: LoginParts): readonly Fixture[] => [
  ...Object.entries(PAGES).map(([path, methods]) => pageFixture(path, methods, parts)),
  stylesheet,
  deviceAuthorization(parts),
  metadata(parts),
];

const pageFixture = (path: string, methods: Methods, parts: LoginParts): Fixture => ({
  route: path,
  matches: (asked) => asked === path,
  render: errorPage,
  answer: async (front) => {
    try {
      const { method } = front.request;
      const answer = methods[method === 'HEAD' ? 'GET' : method === 'POST' ? 'POST' : 'GET'];
      const isKnown = method === 'GET' || method === 'HEAD' || method === 'POST';
      if (!answer || !isKnown) throw methodNotAllowed(`${method} is not possible here`, Object.keys(methods));
      const shown = await answer(new Visit(front, parts), parts);
      return method === 'HEAD' ? new Response(null, shown) : shown;
    } catch (error) {
      throw forPeople(error, front.origin);
    }
  },
});

const stylesheet: Fixture = {
  route: '/login/style',
  matches: (path) => path === STYLE_PATH,
  render: asText,
  answer: async () =>
    new Response(STYLE, {
      headers: {
        'content-type': 'text/css; charset=utf-8',
        'cache-control': 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
      },
    }),
};

/** RFC 8628 section 3.1. */
const deviceAuthorization = (parts: LoginParts): Fixture => ({
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

/** RFC 8414 section 2, and beside it how people can log in here. */
const metadata = ({ grantTypes, provider }: LoginParts): Fixture => ({
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
