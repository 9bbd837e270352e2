import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { ResourceName } from '../core/iam.ts';
import { changePolicy } from '../stores/metadata/policy-tables.ts';
import { ApiCaller, LOCATION } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';
import { type Descriptor, digestOf, ImageClient, refusal } from '../testing/oci.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const nothing = (on: ResourceName) =>
  server.database.transaction((tx) => changePolicy(tx, on, () => ({ bindings: [], auditConfigs: [] })));

let made = 0;
let on: ResourceName;
let image: ImageClient;
let manifest: Descriptor;
beforeEach(async () => {
  made += 1;
  await server.repository(`repository-${made}`);
  on = `${LOCATION}/repositories/repository-${made}`;
  image = new ImageClient(server, `us-central1-docker/my-project/repository-${made}/app`);
  manifest = await image.image('v1');
});
const statuses = async (requests: readonly (readonly [string, string])[], as: string | null) => {
  const answers = await Promise.all(requests.map(([method, path]) => image.send(method, path, { as })));
  return answers.map(({ status }) => status);
};

const reads = () =>
  [
    ['GET', 'manifests/v1'],
    ['HEAD', 'manifests/v1'],
    ['GET', `manifests/${manifest.digest}`],
    ['GET', 'tags/list'],
    ['GET', `referrers/${manifest.digest}`],
  ] as const;

describe('a repository that allUsers may read', () => {
  beforeEach(() => server.grant(on, 'roles/artifactregistry.reader', 'allUsers'));

  test('is read by whoever shows nothing, with the token that its client fetches first, and without', async () => {
    const ping = await server.send('GET', '/v2/', { as: null });
    expect(ping.status).toBe(401);
    const [, realm = ''] = /realm="([^"]+)"/.exec(ping.headers.get('www-authenticate') ?? '') ?? [];
    const { pathname } = new URL(realm);
    const answer = await server.send('GET', `${pathname}?scope=repository:${image.name}:pull`, { as: null });
    const { token } = (await answer.json()) as { token: string };

    for (const as of [`Bearer ${token}`, null])
      expect(await statuses(reads(), as)).toEqual(reads().map(() => 200));
  });

  test('asks whoever pushes to it who that is', async () => {
    const answer = await image.send('POST', 'blobs/uploads/', { as: null, body: '' });

    expect(answer.headers.get('www-authenticate')).toContain(`scope="repository:${image.name}:pull,push"`);
    await refusal(answer, 401, 'UNAUTHORIZED');
    expect((await image.send('DELETE', 'manifests/v1', { as: null })).status).toBe(401);
  });

  test('is not read with a credential that is wrong', async () => {
    for (const as of ['Bearer wrong', `Basic ${btoa('admin:wrong')}`, 'Basic broken', 'Digest x'])
      expect([as, ...(await statuses(reads(), as))]).toEqual([as, ...reads().map(() => 401)]);
  });

  test('opens no other, nor itself in what it does not say', async () => {
    const other = new ImageClient(server, 'us-central1-docker/my-project/images/app');
    expect((await other.send('GET', 'manifests/v1', { as: null })).status).toBe(401);
    const anyone = new ApiCaller(server, null);
    expect((await anyone.get(`${on}/packages`)).packages).toHaveLength(1);
    expect(await anyone.refused('GET', `${LOCATION}/repositories/images/packages`)).toMatchObject({
      status: 401,
    });
    expect(await anyone.refused('DELETE', `${on}/packages/app`)).toMatchObject({ status: 401 });
    expect((await server.send('GET', '/v2/_catalog', { as: null })).status).toBe(401);
  });

  test('is closed again at once', async () => {
    expect(await statuses(reads(), null)).toEqual(reads().map(() => 200));
    await nothing(on);
    expect(await statuses(reads(), null)).toEqual(reads().map(() => 401));
  });
});

test('a repository for allAuthenticatedUsers is read by every account, and by none that shows nothing', async () => {
  await server.grant(on, 'roles/artifactregistry.reader', 'allAuthenticatedUsers');
  const as = await server.account('anybody');

  expect(await statuses([['GET', 'manifests/v1']], as)).toEqual([200]);
  expect(await statuses([['GET', 'manifests/v1']], null)).toEqual([401]);
});

test('a part of a layer needs the right as the whole does', async () => {
  const layer = await image.blob('0123456789');
  const range = (as: string) =>
    image.send('GET', `blobs/${layer.digest}`, { as, headers: { range: 'bytes=2-4' } });
  await server.grant(on, 'roles/artifactregistry.reader', 'user:ranger');
  const as = await server.account('ranger');
  expect(await (await range(as)).text()).toBe('234');

  await nothing(on);
  expect((await range(as)).status).toBe(403);
});

const writer = async () => {
  made += 1;
  const id = `writer-${made}`;
  await server.grant(on, 'roles/artifactregistry.writer', `user:${id}`);
  return { id, as: await server.account(id) };
};
const begun = async (as: string) => {
  const answer = await image.send('POST', 'blobs/uploads/', { as, body: '' });
  return answer.headers.get('location') ?? '';
};
const chunk = async (session: string, as: string, body: string) =>
  (await server.send('PATCH', session, { as, body })).status;

describe('an upload session', () => {
  test('goes on with another token of the account that began it', async () => {
    const { id, as } = await writer();
    const session = await begun(as);
    const other = `Bearer ${await server.accessToken(id, `${id}'s password`)}`;

    expect(await chunk(session, as, 'one ')).toBe(202);
    expect(await chunk(session, other, 'two')).toBe(202);
    const done = await server.send('PUT', `${session}?digest=${digestOf('one two')}`, { as: other });
    expect(done.status).toBe(201);
  });

  test('is nobody else’s, whatever they may', async () => {
    const session = await begun((await writer()).as);
    const other = await writer();

    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE'] as const)
      await refusal(
        await server.send(method, `${session}?digest=${digestOf('')}`, {
          as: other.as,
          ...(method !== 'GET' && { body: '' }),
        }),
        404,
        'BLOB_UPLOAD_UNKNOWN',
      );
  });

  test.each<readonly [string, number, (id: string) => Promise<unknown>]>([
    ['the role', 403, () => nothing(on)],
    ['the account', 401, (id) => server.accounts.put({ id, kind: 'user', disabled: true })],
    [
      'the token',
      401,
      async (id) => {
        const [token] = await server.database.read
          .selectFrom('access_token')
          .select('id')
          .where('account', '=', id)
          .execute();
        await server.tokens.removeToken(token?.id ?? '');
      },
    ],
  ])('ends for whoever loses %s between two chunks', async (_, status, lose) => {
    const { id, as } = await writer();
    const session = await begun(as);
    expect(await chunk(session, as, 'one ')).toBe(202);

    await lose(id);

    expect(await chunk(session, as, 'two')).toBe(status);
    expect((await server.send('PUT', `${session}?digest=${digestOf('one ')}`, { as })).status).toBe(status);
    expect((await image.send('GET', `blobs/${digestOf('one ')}`)).status).toBe(404);
  });
});
