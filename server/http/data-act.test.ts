import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { Route } from '../core/format.ts';
import { FORMATS } from '../formats/index.ts';
import type { Json } from '../testing/api.ts';
import { ALL_TYPES, AuditReader, configOf, setAuditConfigs, shortOf } from '../testing/audit.ts';
import { TestServer } from '../testing/harness.ts';
import { digestOf, freshImage, type ImageClient, INDEX, MANIFEST, NOWHERE } from '../testing/oci.ts';

let server: TestServer;
let log: AuditReader;
let stranger: string;
beforeAll(async () => {
  server = await TestServer.start();
  stranger = await server.account('stranger');
  log = await AuditReader.from(server);
});
beforeEach(async () => {
  await setAuditConfigs(server, 'projects/my-project', []);
  await log.entries();
});
afterAll(() => server[Symbol.asyncDispose]());

const REPOSITORY = 'projects/my-project/locations/us-central1/repositories/images';
const record = (...types: Parameters<typeof configOf>[0]) =>
  setAuditConfigs(server, 'projects/my-project', [configOf(types)]);

const PARAMS: Readonly<Record<string, string>> = {
  reference: 'v1',
  digest: NOWHERE,
  session: 'secret-session',
};
const requests = FORMATS.flatMap((format) =>
  format.routes.flatMap((route) => {
    const path = route.path.replaceAll(/:(\w+)[+*]?/g, (_, name: string) => PARAMS[name] ?? 'some');
    const isAsked = route.kind !== 'command' && !(route.kind === 'query' && route.method === 'POST');
    const methods = isAsked ? ['GET', 'HEAD'] : [route.method];
    const root = format.root === undefined ? '' : `/${format.root}`;
    return methods.map((method) => ({
      route,
      method,
      path: `${root}/us-central1-${format.label}/my-project/images${path}`,
      name: (method === 'HEAD' && route.audit?.head) || route.audit,
    }));
  }),
);
const isChange = ({ route }: { readonly route: Route }): boolean =>
  route.kind === 'command' && route.method !== 'GET';
/** What a path does not say is known only from the body, which is not read of whoever is refused. */
const resourceOf = ({ path }: Route): string =>
  /:(?:image|name|pkg|scope|package|project)\b/.test(path) ? `${REPOSITORY}/packages/some` : REPOSITORY;
const rows = (chosen: typeof requests) =>
  chosen.map((each) => [`${each.method} ${each.route.path}`, each] as const);
const send = ({ method, path }: (typeof requests)[number], as?: string | null) =>
  server.send(method, path, {
    ...(as !== undefined && { as }),
    ...(!['GET', 'HEAD', 'DELETE'].includes(method) && { body: 'x' }),
  });

describe('a route of a format', () => {
  test('has a name for the audit log', () => {
    const nameless = FORMATS.flatMap(({ routes }) => routes.filter(({ audit }: Route) => !audit));
    expect(nameless).toEqual([]);
  });

  test.each(rows(requests.filter(isChange)))('%s is recorded once when it is refused', async (_, request) => {
    expect((await send(request, stranger)).status).toBe(403);
    expect(await log.recorded()).toEqual([
      {
        method: request.name?.method ?? '',
        principal: 'user:stranger',
        resource: expect.stringContaining(resourceOf(request.route)),
        code: 7,
      },
    ]);
  });

  test('is not recorded of clients that ask without a credential first', async () => {
    for (const request of requests) expect((await send(request, null)).status).toBe(401);
    expect(await log.recorded()).toEqual([]);
  });

  test('is not recorded when it only reads and no policy wants it', async () => {
    for (const request of requests.filter((each) => !isChange(each)))
      for (const as of [stranger, undefined]) await (await send(request, as)).arrayBuffer();
    expect(await log.recorded()).toEqual([]);
  });

  test.each(rows(requests))(
    '%s is recorded once where the policy wants all, done or not',
    async (_, request) => {
      await record(...ALL_TYPES);
      for (const as of [stranger, undefined]) {
        const answer = await send(request, as);
        await answer.arrayBuffer();
        const entries = await log.entries();
        expect(entries.map(shortOf)).toMatchObject([{ method: request.name?.method ?? '' }]);
        expect(shortOf(entries[0]).code === 0).toBe(answer.ok);
        expect(JSON.stringify(entries)).not.toContain('secret-session');
      }
    },
  );
});

const pushed = async (): Promise<{ image: ImageClient; digest: string; name: string }> => {
  const image = freshImage(server);
  const { digest } = await image.image('v1');
  const name = `${REPOSITORY}/packages/${image.name.split('/').at(-1)}`;
  return { image, digest, name };
};

test('the catalog is recorded where the installation wants data reads', async () => {
  const read = async () => (await server.send('GET', '/v2/_catalog')).text();
  await read();
  await setAuditConfigs(server, '/', [configOf(['DATA_READ'])]);
  await read();
  await (await server.send('GET', '/v2/')).text();
  await setAuditConfigs(server, '/', []);
  expect(await log.recorded()).toEqual([
    { method: 'Docker-Catalog', resource: 'organizations/entrepot', principal: 'user:admin', code: 0 },
  ]);
});

describe('a push', () => {
  test('is its manifest’s entry, committed with it, that says what was published', async () => {
    const { digest, name } = await pushed();
    const entries = await log.committed();
    expect(entries.map(shortOf)).toEqual([
      { method: 'Docker-PutManifest', resource: `${name}/tags/v1`, principal: 'user:admin', code: 0 },
    ]);
    expect((entries[0] as Json).protoPayload).toMatchObject({
      request: { reference: 'v1' },
      response: { version: digest, tags: ['v1'] },
      authorizationInfo: [{ permission: 'artifactregistry.repositories.uploadArtifacts', granted: true }],
    });
    expect(await log.recorded()).toEqual([]);
  });

  test('is as many entries as it has requests where writes are recorded', async () => {
    await record('DATA_WRITE');
    const image = freshImage(server);
    const path = await image.begin();
    await server.send('PATCH', path, { body: 'la' });
    await server.send('PUT', `${path}?digest=${digestOf('layer')}`, { body: 'yer' });
    await server.send('HEAD', `/v2/${image.name}/blobs/${digestOf('layer')}`);
    await image.send('GET', `blobs/${digestOf('layer')}`);

    // At one instant by the test’s clock, so in no order.
    const recorded = (await log.recorded()).map(({ method, code }) => [method, code] as const);
    expect(new Map(recorded)).toEqual(
      new Map([
        ['Docker-AppendUpload', 0],
        ['Docker-FinishUpload', 0],
        ['Docker-HeadBlob', 0],
        ['Docker-StartUpload', 0],
      ]),
    );
    expect(recorded).toHaveLength(4);
  });

  test('of a manifest that names what is not there is recorded as what it was told', async () => {
    const image = freshImage(server);
    const layer = { mediaType: 'application/x', digest: NOWHERE, size: 1 };
    const document = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: layer, layers: [] });
    expect((await image.put('v1', document)).status).toBe(404);
    expect(await log.recorded()).toMatchObject([{ method: 'Docker-PutManifest', code: 5 }]);
  });

  test('that fails after its first bytes got a name does not claim to be done', async () => {
    const image = freshImage(server);
    // The empty descriptor is named for the client, and then the next blob is missing.
    const empty = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf('{}'), size: 2 };
    const absent = { mediaType: 'application/x', digest: NOWHERE, size: 1 };
    const document = JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      artifactType: 'application/x',
      config: empty,
      layers: [absent],
    });
    expect((await image.put('v1', document)).status).toBe(404);
    const [begun] = await log.committed();
    expect(begun && shortOf(begun)).toMatchObject({ method: 'Docker-PutManifest', code: 2 });

    await server.app.flushAudit();
    const { code, message } = await server.database.read
      .selectFrom('audit_entry')
      .select(['code', 'message'])
      .where('id', '=', begun?.insertId ?? '')
      .executeTakeFirstOrThrow();
    expect({ code, message }).toEqual({ code: 5, message: expect.stringContaining(NOWHERE) });
  });

  test('and its deletions are recorded with what they took', async () => {
    const { image, digest, name } = await pushed();
    const index = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [] });
    await image.push('all', index, INDEX);
    await log.entries();
    for (const reference of ['all', digest])
      expect((await image.send('DELETE', `manifests/${reference}`)).status).toBe(202);
    expect((await image.send('DELETE', `blobs/${digestOf('layer of v1')}`)).status).toBe(202);
    expect((await image.send('DELETE', `manifests/${digest}`)).status).toBe(404);

    const version = `${name}/versions/${digest}`;
    expect((await log.committed()).map(shortOf)).toMatchObject([
      { method: 'Docker-DeleteManifest', resource: `${name}/tags/all`, code: 0 },
      { method: 'Docker-DeleteManifest', resource: version, code: 0 },
      { method: 'Docker-DeleteBlob', resource: name, code: 0 },
    ]);
    expect(await log.recorded()).toMatchObject([
      { method: 'Docker-DeleteManifest', resource: version, code: 5 },
    ]);
  });

  test('that makes a repository is recorded as that, too', async () => {
    const image = freshImage(server);
    const legacy = `/v2/gcr.io/my-project/${image.name.split('/').at(-1)}`;
    expect((await server.send('POST', `${legacy}/blobs/uploads/`)).status).toBe(202);
    expect((await server.send('POST', `${legacy}/blobs/uploads/`)).status).toBe(202);
    expect((await log.committed()).map(shortOf)).toEqual([
      {
        method: 'Docker-CreateOnPush',
        resource: 'projects/my-project/locations/us/repositories/gcr.io',
        principal: 'user:admin',
        code: 0,
      },
    ]);
  });
});
