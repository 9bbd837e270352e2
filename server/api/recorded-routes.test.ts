import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { FORMATS } from '../formats/index.ts';
import { ALL_TYPES, AuditReader, configOf, setAuditConfigs } from '../testing/audit.ts';
import { TestServer } from '../testing/harness.ts';
import type { ApiRoute, RouteAudit } from './route.ts';
import { apiRoutes } from './routes.ts';

let server: TestServer;
let stranger: string;
let log: AuditReader;
beforeAll(async () => {
  server = await TestServer.start();
  stranger = await server.account('stranger');
  log = await AuditReader.from(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const IDS: Readonly<Record<string, string>> = {
  project: 'my-project',
  location: 'us-central1',
  repository: 'images',
  account: 'robot@my-project.iam.gserviceaccount.com',
};
const pathOf = ({ path }: ApiRoute): string =>
  path.replaceAll(/\/:(\w+)/g, (_, name: string) => `/${IDS[name] ?? 'some'}`);
const call = (route: ApiRoute, as: string | null | undefined) =>
  server.send(route.method, pathOf(route), {
    ...(as !== undefined && { as }),
    ...(route.method !== 'GET' && { body: '{}' }),
    headers: { 'content-type': 'application/json' },
  });

type Recordable = ApiRoute & { readonly audit: RouteAudit };
const routes = apiRoutes(FORMATS);
const recordable = routes.filter((route): route is Recordable => route.audit !== 'unrecorded');
const isChange = ({ audit }: Recordable): boolean => audit.type === 'ADMIN_WRITE' || audit.type === 'publish';
const named = (list: readonly Recordable[]) => list.map((route) => [route.id, route] as const);
const changes = recordable.filter(isChange);
const reads = recordable.filter((route) => !isChange(route));

describe('what changes something', () => {
  test('is recorded, whatever it is; only questions and promises are not', () => {
    const unrecorded = routes.filter(({ method, audit }) => method !== 'GET' && audit === 'unrecorded');
    const expected = /^(services\.|operations\.cancel$)|[tT]roubleshoot|whoCan|canI|test|query/;
    expect(unrecorded.filter(({ id }) => !expected.test(id)).map(({ id }) => id)).toEqual([]);
    expect(changes.filter(({ method }) => method === 'GET').map(({ id }) => id)).toEqual([]);
  });

  test.each(named(changes))('%s is recorded once when it is refused', async (_, route) => {
    expect((await call(route, stranger)).status).toBeGreaterThanOrEqual(400);

    const [entry, ...others] = await log.recorded();
    expect(others).toEqual([]);
    expect(entry).toMatchObject({
      method: route.audit.method.split('.').at(-1),
      principal: 'user:stranger',
      resource: expect.stringMatching(/^(projects\/my-project|organizations\/entrepot|users|groups)/),
    });
    expect(entry?.code).toBeGreaterThan(2);
    if (route.permission !== 'account' && !route.filtered) expect(entry?.code).toBe(7);
  });

  test('is not recorded of those who show no credential and are asked for one', async () => {
    for (const route of changes) expect((await call(route, null)).status).toBe(401);
    expect(await log.recorded()).toEqual([]);
  });
});

describe('what only reads', () => {
  test('is not recorded unless a policy wants it', async () => {
    for (const route of reads) await (await call(route, stranger)).arrayBuffer();
    for (const route of reads) await (await call(route, undefined)).arrayBuffer();
    expect(await log.recorded()).toEqual([]);
  });

  test('is then recorded once, done or refused', async () => {
    await setAuditConfigs(server, '/', [configOf(ALL_TYPES)]);
    for (const route of reads)
      for (const as of [stranger, undefined]) {
        const answer = await call(route, as);
        await answer.arrayBuffer();
        const entries = await log.recorded();
        expect({ id: route.id, entries }).toEqual({
          id: route.id,
          entries: [
            {
              method: route.audit.method.split('.').at(-1) ?? '',
              principal: as === undefined ? 'user:admin' : 'user:stranger',
              resource: expect.any(String),
              code: answer.ok ? 0 : expect.any(Number),
            },
          ],
        });
      }
    await setAuditConfigs(server, '/', []);
  });
});
