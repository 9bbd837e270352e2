import { methodNotAllowed } from '../../core/error.ts';
import { asText } from '../boundary.ts';
import type { Fixture } from '../front-door.ts';
import { AUTHORIZE, decideAuthorization, showAuthorization } from './authorize-page.ts';
import { deviceAuthorization } from './device-authorization.ts';
import { decideDevice, showDevice } from './device-page.ts';
import { logInWithPassword, logOut, sendToProvider, showLogin, takeFromProvider } from './login-page.ts';
import { errorPage, forPeople } from './page.ts';
import type { LoginParts } from './parts.ts';
import { serverMetadata } from './server-metadata.ts';
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

/** Everything of logging in but the token endpoint: pages for people, and what programs begin with. */
export const loginFixtures = (parts: LoginParts): readonly Fixture[] => [
  ...Object.entries(PAGES).map(([path, methods]) => pageFixture(path, methods, parts)),
  stylesheet,
  deviceAuthorization(parts),
  serverMetadata(parts),
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
