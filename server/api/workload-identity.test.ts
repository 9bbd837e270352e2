import { afterAll, beforeAll, describe, expect, it, test } from 'bun:test';
import { ApiCaller, type Json } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';
import { TestIssuer } from '../testing/issuer.ts';

const POOLS = 'projects/my-project/locations/global/workloadIdentityPools';
const ISSUER = 'https://token.actions.githubusercontent.com';

let server: TestServer;
let api: ApiCaller;
let number: string;
beforeAll(async () => {
  server = await TestServer.start();
  api = new ApiCaller(server);
  number = (await api.get('projects/my-project')).projectNumber;
});
afterAll(() => server[Symbol.asyncDispose]());

const createPool = (id: string, body: Json = {}) =>
  api.ok('POST', `${POOLS}?workloadIdentityPoolId=${id}`, body);
const provider = (change: Json = {}): Json => ({
  attributeMapping: { 'google.subject': 'assertion.sub' },
  ...change,
  oidc: { issuerUri: ISSUER, ...change.oidc },
});
const providersOf = (pool: string) => `${POOLS}/${pool}/providers`;
const createProvider = (pool: string, id: string, body: Json = provider()) =>
  api.ok('POST', `${providersOf(pool)}?workloadIdentityPoolProviderId=${id}`, body);

describe('a pool', () => {
  it('is created by an operation that is over, and shown', async () => {
    const operation = await createPool('github', { displayName: 'GitHub', description: 'Actions' });

    const pool = {
      name: `${POOLS}/github`,
      displayName: 'GitHub',
      description: 'Actions',
      state: 'ACTIVE',
    };
    expect(operation).toEqual({
      name: expect.stringMatching(new RegExp(`^${POOLS}/github/operations/[0-9a-f-]{36}$`)),
      metadata: { '@type': 'type.googleapis.com/google.iam.v1.WorkloadIdentityPoolOperationMetadata' },
      done: true,
      response: { '@type': 'type.googleapis.com/google.iam.v1.WorkloadIdentityPool', ...pool },
    });
    expect(await api.get(operation.name)).toEqual(operation);
    expect(await api.get(pool.name)).toEqual(pool);
    expect((await api.refused('GET', operation.name.replace('github', 'gitlab'))).status).toBe(404);
  });

  it('is listed with the others, page by page', async () => {
    await createPool('pool-a');
    await createPool('pool-b');

    const page = await api.get(`${POOLS}?pageSize=2`);
    const rest = await api.get(`${POOLS}?pageSize=1000&pageToken=${encodeURIComponent(page.nextPageToken)}`);

    const names: readonly string[] = [...page.workloadIdentityPools, ...rest.workloadIdentityPools].map(
      ({ name }: Json) => name,
    );
    expect(names).toEqual(names.toSorted());
    expect(names).toEqual(expect.arrayContaining([`${POOLS}/pool-a`, `${POOLS}/pool-b`]));
  });

  it('is changed as the mask says', async () => {
    await createPool('masked', { displayName: 'one', description: 'two' });
    const path = `${POOLS}/masked`;

    await api.ok('PATCH', `${path}?updateMask=description,disabled`, { displayName: 'x', disabled: true });

    expect(await api.get(path)).toEqual({ name: path, displayName: 'one', state: 'ACTIVE', disabled: true });
  });

  it('goes with its providers, and can come again empty', async () => {
    await createPool('passing');
    await createProvider('passing', 'main');

    const operation = await api.ok('DELETE', `${POOLS}/passing`);

    expect(operation.response).toMatchObject({ name: `${POOLS}/passing`, state: 'DELETED' });
    expect((await api.refused('GET', `${POOLS}/passing`)).status).toBe(404);
    await createPool('passing');
    expect(await api.get(providersOf('passing'))).toEqual({});
  });

  test.each([
    ['POST', `${POOLS}?workloadIdentityPoolId=abc`, {}, 400],
    ['POST', `${POOLS}?workloadIdentityPoolId=gcp-pool`, {}, 400],
    ['POST', `${POOLS}?workloadIdentityPoolId=Upper`, {}, 400],
    ['POST', `${POOLS}?workloadIdentityPoolId=${'a'.repeat(33)}`, {}, 400],
    ['POST', `${POOLS}?workloadIdentityPoolId=-abcd`, {}, 400],
    ['POST', POOLS, {}, 400],
    ['POST', `${POOLS}?workloadIdentityPoolId=long-text`, { displayName: 'x'.repeat(33) }, 400],
    ['POST', `${POOLS}?workloadIdentityPoolId=long-text`, { description: 'x'.repeat(257) }, 400],
    ['POST', `${POOLS}?workloadIdentityPoolId=unknown`, { mode: 'TRUST_DOMAIN' }, 400],
    ['POST', `${POOLS}?workloadIdentityPoolId=github`, {}, 409],
    ['GET', `${POOLS}/nowhere`, undefined, 404],
    ['PATCH', `${POOLS}/nowhere?updateMask=disabled`, { disabled: true }, 404],
    ['PATCH', `${POOLS}/github?updateMask=providers`, {}, 400],
    ['DELETE', `${POOLS}/nowhere`, undefined, 404],
    ['GET', `${POOLS.replace('global', 'us')}/github`, undefined, 404],
    ['GET', providersOf('nowhere'), undefined, 404],
  ])('refuses %s %s with %p', async (method, path, body, status) => {
    expect((await api.refused(method, path, body)).status).toBe(status);
  });

  it('needs its project', async () => {
    const path = `${POOLS.replace('my-project', 'no-project')}?workloadIdentityPoolId=pool`;

    expect((await api.refused('POST', path, {})).status).toBe(404);
  });
});

describe('a provider', () => {
  it('is created, shown, listed, changed and deleted', async () => {
    await createPool('life');
    const settings = provider({
      displayName: 'Main',
      attributeMapping: { 'google.subject': 'assertion.sub', 'attribute.repository': 'assertion.repository' },
      attributeCondition: "assertion.repository_owner == 'octo-org'",
      oidc: { allowedAudiences: ['https://registry.example.com'] },
    });

    const operation = await createProvider('life', 'main', settings);
    const name = `${providersOf('life')}/main`;

    expect(operation.name).toStartWith(`${name}/operations/`);
    expect(operation.response).toEqual({
      '@type': 'type.googleapis.com/google.iam.v1.WorkloadIdentityPoolProvider',
      name,
      ...settings,
      state: 'ACTIVE',
    });
    expect(await api.get(operation.name)).toEqual(operation);
    expect(await api.get(name)).toEqual({ name, ...settings, state: 'ACTIVE' });
    expect(await api.get(providersOf('life'))).toEqual({
      workloadIdentityPoolProviders: [{ name, ...settings, state: 'ACTIVE' }],
    });

    await api.ok('PATCH', `${name}?updateMask=oidc.allowed_audiences,attributeCondition,disabled`, {
      oidc: { issuerUri: 'https://ignored.example.com' },
      disabled: true,
    });
    const { attributeCondition: _, ...rest } = settings;
    expect(await api.get(name)).toEqual({
      name,
      ...rest,
      oidc: { issuerUri: ISSUER },
      disabled: true,
      state: 'ACTIVE',
    });

    await api.ok('DELETE', name);
    expect((await api.refused('GET', name)).status).toBe(404);
  });

  const refused: readonly (readonly [string, Json, string])[] = [
    ['no issuer', { attributeMapping: { 'google.subject': 'assertion.sub' } }, 'oidc'],
    ['no URL', provider({ oidc: { issuerUri: 'gitlab' } }), 'oidc.issuer_uri'],
    [
      'an issuer in the clear',
      provider({ oidc: { issuerUri: 'http://gitlab.example.com' } }),
      'oidc.issuer_uri',
    ],
    ['a file', provider({ oidc: { issuerUri: 'file:///etc' } }), 'oidc.issuer_uri'],
    ['a secret in the URL', provider({ oidc: { issuerUri: 'https://a:b@example.com' } }), 'oidc.issuer_uri'],
    ['a query', provider({ oidc: { issuerUri: 'https://example.com/?a=b' } }), 'oidc.issuer_uri'],
    [
      'many audiences',
      provider({ oidc: { allowedAudiences: 'abcdefghijk'.split('') } }),
      'oidc.allowed_audiences',
    ],
    ['an empty audience', provider({ oidc: { allowedAudiences: [''] } }), 'oidc.allowed_audiences'],
    ['no keys', provider({ oidc: { jwksJson: '{}' } }), 'oidc.jwks_json'],
    ['too many keys', provider({ oidc: { jwksJson: ' '.repeat(65_537) } }), 'oidc.jwks_json'],
    ['no mapping', { oidc: { issuerUri: ISSUER } }, 'attribute_mapping'],
    ['no subject', provider({ attributeMapping: { 'attribute.a': "'b'" } }), 'attribute_mapping'],
    [
      'no CEL',
      provider({ attributeMapping: { 'google.subject': 'assertion.' } }),
      'attribute_mapping["google.subject"]',
    ],
    ['no condition', provider({ attributeCondition: 'assertion.sub ==' }), 'attribute_condition'],
    ['a condition on nothing', provider({ attributeCondition: "attribute.x == ''" }), 'attribute_condition'],
    ['a long condition', provider({ attributeCondition: 'x'.repeat(4_097) }), 'attribute_condition'],
  ];
  it.each(refused)('is not made with %s, nor changed to it', async (_, body, field) => {
    const pool = `pool-${crypto.randomUUID().slice(0, 8)}`;
    await createPool(pool);
    await createProvider(pool, 'good');

    const path = providersOf(pool);
    const made = await api.refused('POST', `${path}?workloadIdentityPoolProviderId=evil`, body);
    const changed = await api.refused('PATCH', `${path}/good`, body);

    expect([made.status, made.field]).toEqual([400, field]);
    expect([changed.status, changed.field]).toEqual([400, field]);
    expect(await api.get(path)).toEqual({
      workloadIdentityPoolProviders: [{ name: `${path}/good`, ...provider(), state: 'ACTIVE' }],
    });
  });

  it('is of this machine, in the clear, for trying it out', async () => {
    await createPool('local');

    await createProvider('local', 'main', provider({ oidc: { issuerUri: 'http://127.0.0.1:8089' } }));
  });

  it('of another kind is refused', async () => {
    await createPool('clouds');

    const refusal = await api.refused(
      'POST',
      `${providersOf('clouds')}?workloadIdentityPoolProviderId=main`,
      {
        aws: { accountId: '1' },
      },
    );

    expect([refusal.status, refusal.message]).toEqual([400, expect.stringContaining('Unknown name "aws"')]);
  });
});

describe('whoever decides who a pool’s identities are', () => {
  it('must hold what they were given', async () => {
    await createPool('guarded');
    const member = `principalSet://iam.googleapis.com/projects/${number}/locations/global/workloadIdentityPools/guarded/*`;
    await server.grant('projects/my-project', 'roles/artifactregistry.admin', member);
    const as = await server.account('pool-admin');
    await server.grant('projects/my-project', 'roles/iam.workloadIdentityPoolAdmin', 'user:pool-admin');
    const admin = new ApiCaller(server, as);
    const path = providersOf('guarded');

    const refused = await admin.refused('POST', `${path}?workloadIdentityPoolProviderId=mine`, provider());
    expect([refused.status, refused.reason]).toEqual([403, 'GRANT_EXCEEDED']);

    await createProvider('guarded', 'main');
    expect(
      (
        await admin.refused(
          'PATCH',
          `${path}/main?updateMask=oidc.issuerUri`,
          provider({
            oidc: { issuerUri: 'https://mine.example.com' },
          }),
        )
      ).status,
    ).toBe(403);
    // What gives nobody anything is the administrator's.
    await admin.ok('PATCH', `${path}/main?updateMask=description,disabled`, {
      description: 'x',
      disabled: true,
    });
    expect(
      (await admin.refused('PATCH', `${path}/main?updateMask=disabled`, { disabled: false })).status,
    ).toBe(403);
    await admin.ok('PATCH', `${POOLS}/guarded?updateMask=disabled`, { disabled: true });
    expect((await admin.refused('PATCH', `${POOLS}/guarded?updateMask=disabled`, {})).status).toBe(403);

    await server.grant('projects/my-project', 'roles/artifactregistry.admin', 'user:pool-admin');
    await admin.ok('PATCH', `${path}/main?updateMask=disabled`, { disabled: false });
  });

  it('must be allowed to', async () => {
    await createPool('watched');
    await createProvider('watched', 'main');
    const viewer = new ApiCaller(server, await server.account('viewer'));
    await server.grant('projects/my-project', 'roles/iam.workloadIdentityPoolViewer', 'user:viewer');

    await viewer.ok('GET', `${POOLS}/watched`);
    await viewer.ok('GET', `${providersOf('watched')}/main`);
    for (const [method, path] of [
      ['POST', `${POOLS}?workloadIdentityPoolId=mine`],
      ['PATCH', `${POOLS}/watched`],
      ['DELETE', `${POOLS}/watched`],
      ['POST', `${providersOf('watched')}?workloadIdentityPoolProviderId=mine`],
      ['PATCH', `${providersOf('watched')}/main`],
      ['DELETE', `${providersOf('watched')}/main`],
    ] as const)
      expect((await viewer.refused(method, path, method === 'DELETE' ? undefined : {})).status).toBe(403);
    for (const path of [POOLS, `${POOLS}/watched`, `${POOLS}/nowhere`, providersOf('watched')])
      expect((await new ApiCaller(server, null).refused('GET', path)).status).toBe(401);
  });
});

it('a project takes its pools with it, and what they gave', async () => {
  await api.ok('POST', 'projects', { projectId: 'short-lived' });
  const projectNumber: string = (await api.get('projects/short-lived')).projectNumber;
  const pools = POOLS.replace('my-project', 'short-lived');
  await api.ok('POST', `${pools}?workloadIdentityPoolId=builds`, {});
  const issuer = await TestIssuer.make(ISSUER);
  await api.ok('POST', `${pools}/builds/providers?workloadIdentityPoolProviderId=main`, {
    ...provider({ oidc: { jwksJson: await issuer.keySet(), allowedAudiences: ['registry'] } }),
  });
  const seconds = Math.floor(server.clock.now() / 1000);
  const answer = await server.send('POST', '/token', {
    as: null,
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: `//iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools/builds/providers/main`,
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      subject_token: await issuer.sign({ sub: 'x', aud: 'registry', iat: seconds, exp: seconds + 60 }),
    }),
  });
  const { access_token: secret } = (await answer.json()) as Json;
  const status = async () => (await server.send('GET', '/v2/token', { as: `Bearer ${secret}` })).status;
  expect(await status()).toBe(200);

  await api.ok('DELETE', 'projects/short-lived');

  expect(await status()).toBe(401);
});
