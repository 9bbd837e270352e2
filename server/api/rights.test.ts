import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { escapeId } from '../../contract/names.ts';
import { FORMATS } from '../formats/index.ts';
import { holds, NO_ROLE, RightsServer, ROLES } from '../testing/rights-server.ts';
import { param } from './places.ts';
import type { ApiRoute } from './route.ts';
import { apiRoutes } from './routes.ts';

let rights: RightsServer;
beforeAll(async () => {
  rights = await RightsServer.start();
});
afterAll(() => rights[Symbol.asyncDispose]());

/** Methods that check in their run what the body names get a body that can be read; it does no harm. */
const BODIES: Readonly<Record<string, object>> = {
  'entries.list': { resourceNames: ['organizations/entrepot'] },
  'serviceAccounts.generateAccessToken': { scope: ['https://www.googleapis.com/auth/cloud-platform'] },
};
/** `/v1/roles` are the predefined ones. */
const OTHER_PARAMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'roles.get': { role: 'artifactregistry.reader' },
  'repositories.upstreamStatus': { repository: 'copies' },
  'npmPackages.get': { repository: 'packages', view: '@team/app:1.0.0' },
  'npmPackages.list': { repository: 'packages' },
  'mavenArtifacts.get': { repository: 'artifacts', view: 'com.acme:app:1.0' },
  'mavenArtifacts.list': { repository: 'artifacts' },
  'pythonPackages.get': { repository: 'projects', view: 'team-app:1.0' },
  'pythonPackages.list': { repository: 'projects' },
  'goModules.get': { repository: 'modules', view: 'example.com/Team/app:v1.0.0' },
  'goModules.list': { repository: 'modules' },
  'goModules.create': { repository: 'modules' },
  'pythonPackages.patch': { repository: 'projects', view: 'team-app:1.0' },
};
const paramsOf = ({ id }: ApiRoute) => ({ ...rights.params, ...OTHER_PARAMS[id] });

const routes = apiRoutes(FORMATS);
const pathOf = (route: ApiRoute): string =>
  route.path.replaceAll(/(?<=\/):(\w+)/g, (_, name: string) => escapeId(param(paramsOf(route), name)));

/**
 * What changes things is asked in a way that cannot be read, so nothing comes of it: that the refusal is another shows
 * that rights are looked at before the request.
 */
function ask(route: ApiRoute, as: string | null): Promise<Response> {
  const { method } = route;
  const path = pathOf(route);
  if (method === 'GET') return rights.server.send(method, path, { as });
  const body = BODIES[route.id];
  const headers = { 'content-type': 'application/json' };
  if (body) return rights.server.send(method, path, { as, headers, body: JSON.stringify(body) });
  const broken = route.body ? { body: '{"broken' } : {};
  return rights.server.send(method, `${path}?nonsense=1`, { as, headers, ...broken });
}

const answered = async (route: ApiRoute, as: string | null): Promise<'allowed' | 'denied' | 'asked'> => {
  const { status } = await ask(route, as);
  return status === 403 ? 'denied' : status === 401 ? 'asked' : 'allowed';
};

const allows = (route: ApiRoute, role: string): 'allowed' | 'denied' =>
  holds(role, route.permission) ? 'allowed' : 'denied';

describe.each(routes.map((route) => [route.id, route] as const))('%s', (_, route) => {
  test('asks who shows no credentials for some', async () => {
    expect(await answered(route, null)).toBe('asked');
  });

  if (route.permission === 'account') {
    test('is for every account', async () => {
      expect((await ask(route, rights.holder(NO_ROLE, '/'))).status).not.toBe(401);
    });
    return;
  }

  test('lets in exactly the roles with its permission', async () => {
    const on = route.on(paramsOf(route));
    const rows: (readonly [string, string])[] = [];
    for (const role of ROLES) rows.push([role, await answered(route, rights.holder(role, on))]);
    expect(rows).toEqual(ROLES.map((role) => [role, allows(route, role)]));
  });

  test('lets in nobody for a role held elsewhere', async () => {
    const on = route.on(paramsOf(route));
    for (const role of ROLES)
      expect([role, await answered(route, rights.stranger(role, on))]).toEqual([role, 'denied']);
  });

  test('is asked about something that is there', async () => {
    const { status } = await ask(route, rights.holder('roles/owner', route.on(paramsOf(route))));
    expect(status).toBe(route.method === 'GET' || BODIES[route.id] ? 200 : 400);
  });
});
