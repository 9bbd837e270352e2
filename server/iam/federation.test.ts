import { afterAll, beforeAll, describe, expect, it, test } from 'bun:test';
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { ApiCaller, type Json } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';
import { TestIssuer } from '../testing/issuer.ts';
import { failureOf } from '../testing/failure-of.ts';
import { Federation } from './federation.ts';

const ISSUER = 'https://token.example.com';
const POOL = 'projects/my-project/locations/global/workloadIdentityPools/builds';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const IMAGES = 'projects/my-project/locations/us-central1/repositories/images';
const TAGS = '/v2/us-central1-docker/my-project/images/app/tags/list';

let server: TestServer;
let api: ApiCaller;
let issuer: TestIssuer;
let stranger: TestIssuer;
let number: string;
let audience: string;

beforeAll(async () => {
  server = await TestServer.start();
  api = new ApiCaller(server);
  issuer = await TestIssuer.make(ISSUER);
  stranger = await TestIssuer.make(ISSUER, 'RS256', (await issuer.publicKey()).kid);
  number = (await api.get('projects/my-project')).projectNumber;
  audience = `//iam.googleapis.com/projects/${number}/locations/global/workloadIdentityPools/builds/providers/main`;
  await api.ok('POST', `${POOL.replace(/\/builds$/, '')}?workloadIdentityPoolId=builds`, {});
  await provider('main');
  await server.grant(IMAGES, 'roles/artifactregistry.reader', principal('subject/repo:shop/web:main'));
});
afterAll(() => server[Symbol.asyncDispose]());

const principal = (rest: string) =>
  `principal://iam.googleapis.com/projects/${number}/locations/global/workloadIdentityPools/builds/${rest}`;
const set = (rest: string) => principal(rest).replace('principal:', 'principalSet:');

async function provider(id: string, change: Json = {}): Promise<void> {
  await api.ok('POST', `${POOL}/providers?workloadIdentityPoolProviderId=${id}`, {
    attributeMapping: { 'google.subject': 'assertion.sub' },
    ...change,
    oidc: { issuerUri: ISSUER, jwksJson: await issuer.keySet(), ...change.oidc },
  });
}

const seconds = () => Math.floor(server.clock.now() / 1000);
const claims = (change: JWTPayload = {}): JWTPayload => ({
  aud: `https:${audience}`,
  sub: 'repo:shop/web:main',
  iat: seconds(),
  nbf: seconds(),
  exp: seconds() + 300,
  ...change,
});

const exchange = (token: string, change: Readonly<Record<string, string>> = {}): Promise<Response> =>
  server.send('POST', '/v1/token', {
    as: null,
    body: new URLSearchParams({
      grant_type: GRANT,
      audience,
      subject_token_type: JWT,
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      subject_token: token,
      ...change,
    }),
  });

async function exchanged(token: string, change: Readonly<Record<string, string>> = {}): Promise<string> {
  const answer = await exchange(token, change);
  const body = (await answer.json()) as Json;
  expect({ status: answer.status, error: body.error_description }).toEqual({ status: 200, error: undefined });
  return `Bearer ${body.access_token}`;
}

const refusal = async (answer: Response) => ({ status: answer.status, ...((await answer.json()) as object) });
const tags = async (as: string) => (await server.send('GET', TAGS, { as })).status;

const refusedFor = async (token: string, change: Readonly<Record<string, string>> = {}) =>
  refusal(await exchange(token, change));
const branchToken = async (ref: string, teams: readonly string[]) =>
  exchanged(await issuer.sign(claims({ sub: '7', aud: 'registry', ref, teams })), {
    audience: audience.replace('main', 'sets'),
  });
const patched = (path: string, mask: string, body: Json) =>
  api.ok('PATCH', `${path}?updateMask=${mask}`, body);

/** A token that a new provider vouched for, and how to ask for another. */
const got = async (id: string, more: Json = {}) => {
  await provider(id, { ...more, oidc: { allowedAudiences: ['registry'] } });
  const token = await issuer.sign(claims({ aud: 'registry' }));
  const ask = () => exchange(token, { audience: audience.replace('main', id) });
  return { as: await exchanged(token, { audience: audience.replace('main', id) }), ask };
};
const askGuarded = async (more: JWTPayload) =>
  (await refusedFor(await issuer.sign(claims({ aud: 'registry', ...more })), {
    audience: audience.replace('main', 'guarded'),
  })) as Json;

describe('an exchange', () => {
  it('gives a token that is worth what its subject was given, for an hour', async () => {
    const answer = await exchange(await issuer.sign(claims()));

    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const { access_token: secret, ...rest } = (await answer.json()) as Json;
    expect(rest).toEqual({
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 3600,
    });
    // Allowed, and not there.
    expect(await tags(`Bearer ${secret}`)).toBe(404);
    expect(await tags(await exchanged(await issuer.sign(claims({ sub: 'somebody-else' }))))).toBe(403);
  });

  it('takes JSON in camel case, as Google does', async () => {
    const answer = await server.send('POST', '/v1/token', {
      as: null,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        grantType: GRANT,
        audience,
        subjectTokenType: 'urn:ietf:params:oauth:token-type:id_token',
        requestedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
        subjectToken: await issuer.sign(claims()),
        scope: 'https://www.googleapis.com/auth/cloud-platform',
        options: '{"userProject":"1"}',
      }),
    });

    expect(answer.status).toBe(200);
  });

  it('of one token is possible again as long as it is good', async () => {
    const token = await issuer.sign(claims());

    expect(await exchanged(token)).not.toBe(await exchanged(token));
  });

  it.each(['my-project', 'NUMBER'])('takes the project as %s', async (written) => {
    const name = audience.replace(number, written.replace('NUMBER', number));

    await exchanged(await issuer.sign(claims({ aud: name })), { audience: name });
    await exchanged(await issuer.sign(claims({ aud: ['x', `https:${name}`] })), {
      audience: `https:${name}`,
    });
  });

  it('for reading only gives a token that only reads', async () => {
    await server.grant(IMAGES, 'roles/artifactregistry.writer', principal('subject/pusher'));
    const token = await issuer.sign(claims({ sub: 'pusher' }));
    const scope = 'https://www.googleapis.com/auth/cloud-platform.read-only';
    const push = async (as: string) =>
      (await server.send('POST', '/v2/us-central1-docker/my-project/images/app/blobs/uploads/', { as }))
        .status;

    expect(await push(await exchanged(token))).toBe(202);
    expect(await push(await exchanged(token, { scope }))).toBe(403);
  });

  test.each([
    ['an audience that names nothing', { audience: 'registry' }, 'invalid_request'],
    ['a pool for an audience', { audience: '//iam.googleapis.com/' }, 'invalid_request'],
    ['no audience', { audience: '' }, 'invalid_request'],
    ['no token', { subject_token: '' }, 'invalid_request'],
    ['a SAML token', { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, 'invalid_request'],
    [
      'an ID token wanted',
      { requested_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
      'invalid_request',
    ],
    ['an actor', { actor_token: 'x' }, 'invalid_request'],
    ['another grant', { grant_type: 'token-exchange' }, 'unsupported_grant_type'],
  ])('is refused with %s', async (_, change, error) => {
    const answer = await exchange(await issuer.sign(claims()), change);

    expect(await refusal(answer)).toMatchObject({ status: 400, error });
  });

  test.each(['[]', '{', '"x"', ''])('is refused with the JSON body %p', async (body) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await server.send('POST', '/token', { as: null, headers, body });

    expect(answer.status).toBe(400);
  });
});

/** One answer for all of these, so that nobody learns what is there. */
const NOT_ACCEPTED = {
  status: 400,
  error: 'invalid_grant',
  error_description:
    'the subject token is not accepted: there is no such provider, it is disabled, or the token is not signed by its issuer',
};

describe('a token', () => {
  test.each([
    ['expired', { exp: -61, iat: -300, nbf: -300 }, 'it has expired'],
    ['not good yet', { nbf: 120 }, 'not good yet'],
    ['issued in the future', { iat: 120 }, 'iat'],
    ['a day old', { iat: -86_500, nbf: -86_500 }, 'it has expired'],
  ])('%s is refused', async (_, times, says) => {
    const shifted = Object.fromEntries(Object.entries(times).map(([name, by]) => [name, seconds() + by]));
    const token = await issuer.sign(claims(shifted));

    const { error, error_description: description } = (await refusedFor(token)) as Json;

    expect(error).toBe('invalid_grant');
    expect(description).toContain(says);
  });

  it('may be a little early or late', async () => {
    await exchanged(
      await issuer.sign(claims({ exp: seconds() - 50, iat: seconds() + 50, nbf: seconds() + 50 })),
    );
  });

  test.each([
    ['aud', 'audience'],
    ['exp', 'expiry'],
    ['iat', 'time of issue'],
  ])('without %s is refused', async (name, says) => {
    const { [name]: _, ...rest } = claims();

    expect(((await refusedFor(await issuer.sign(rest))) as Json).error_description).toContain(says);
  });

  it('for somebody else is refused', async () => {
    const aud = 'https://registry.example.com';

    expect(await refusedFor(await issuer.sign(claims({ aud })))).toMatchObject({
      error: 'invalid_grant',
      error_description:
        'the subject token is refused: its audience (aud) is not one that the provider takes',
    });
  });

  it('of another issuer, or by nobody known, is not accepted, whatever it says of its keys', async () => {
    const elsewhere = { jku: 'https://evil.example/keys', x5u: 'https://evil.example/cert' };
    const tokens = [
      await issuer.sign(claims({ iss: `${ISSUER}/` })),
      await issuer.sign(claims({ iss: 'https://evil.example' })),
      await stranger.sign(claims()),
      await stranger.sign(claims(), { kid: 'another' }),
      await stranger.sign(claims(), { ...elsewhere, kid: undefined }),
      await stranger.sign(claims(), { jwk: await stranger.publicKey() }),
      (await issuer.sign(claims())).replace(/(?<=\..*\.)./, (first) => (first === 'A' ? 'B' : 'A')),
      (await issuer.sign(claims())).replace(
        /\.[^.]+\./,
        `.${encoded({ ...claims(), iss: ISSUER, sub: 'root' })}.`,
      ),
    ];

    for (const token of tokens) expect(await refusedFor(token)).toEqual(NOT_ACCEPTED);
  });

  it('is not accepted by a provider, pool or project that is not there', async () => {
    const token = await issuer.sign(claims());

    for (const wrong of [
      audience.replace('/main', '/other'),
      audience.replace('/builds/', '/others/'),
      audience.replace(number, '1'),
      audience.replace(number, 'other-project'),
    ])
      expect(await refusedFor(token, { audience: wrong })).toEqual(NOT_ACCEPTED);
  });

  it('for one provider is not one for another of the same issuer', async () => {
    await provider('second');
    const second = audience.replace('/main', '/second');
    const token = await issuer.sign(claims());

    expect(await refusedFor(token, { audience: second })).toMatchObject({ error: 'invalid_grant' });
    await exchanged(await issuer.sign(claims({ aud: second })), { audience: second });
  });

  it('signed by no key, or with one that everybody knows, is refused', async () => {
    const secret = new TextEncoder().encode(await issuer.keySet());
    const kid = (await issuer.publicKey()).kid;
    const hmac = new SignJWT({ ...claims(), iss: ISSUER })
      .setProtectedHeader({ alg: 'HS256', kid })
      .sign(secret);

    for (const token of [new UnsecuredJWT({ ...claims(), iss: ISSUER }).encode(), await hmac])
      expect(await refusedFor(token)).toMatchObject({
        error: 'invalid_grant',
        error_description: expect.stringContaining('possible are RS256'),
      });
  });

  test.each(['x', 'a.b.c', '..', '{}', 'e30.e30.', `${encoded({ alg: 'RS256' })}.bm8.x`])(
    'that is none is refused: %s',
    async (token) => {
      expect(await refusedFor(token)).toMatchObject({ status: 400, error: 'invalid_grant' });
    },
  );

  it('with very many claims is refused', async () => {
    const token = await issuer.sign(claims({ more: 'x'.repeat(17_000) }));

    expect(((await refusedFor(token)) as Json).error_description).toContain('larger than 16384 bytes');
  });

  test.each(['RS512', 'PS256', 'ES256', 'ES384'])('may be signed with %s', async (alg) => {
    const other = await TestIssuer.make(ISSUER, alg);
    const id = alg.toLowerCase();
    await provider(id, { oidc: { jwksJson: await other.keySet(), allowedAudiences: ['registry'] } });

    await exchanged(await other.sign(claims({ aud: 'registry' })), {
      audience: audience.replace('main', id),
    });
  });

  it('is worth nothing by itself', async () => {
    expect(await tags(`Bearer ${await issuer.sign(claims())}`)).toBe(401);
  });
});

describe('the identity', () => {
  it('is in the sets of its pool, its groups and its attributes, and in no others', async () => {
    await provider('sets', {
      attributeMapping: {
        'google.subject': '"job:" + assertion.sub',
        'google.groups': "assertion.teams.map(team, 'team-' + team)",
        'attribute.branch': "assertion.ref.extract('refs/heads/{branch}')",
      },
      oidc: { allowedAudiences: ['registry'] },
    });
    const main = await branchToken('refs/heads/main', ['web', 'ops']);
    const tag = await branchToken('refs/tags/v1', []);
    const repositories = {
      star: set('*'),
      team: set('group/team-ops'),
      branch: set('attribute.branch/main'),
    };
    for (const [name, member] of Object.entries(repositories)) {
      await server.repository(name);
      const on = IMAGES.replace('images', name) as typeof IMAGES;
      await server.grant(on, 'roles/artifactregistry.reader', member);
    }

    const reads = async (as: string) =>
      Promise.all(
        Object.keys(repositories).map(
          async (name) => (await server.send('GET', TAGS.replace('images', name), { as })).status,
        ),
      );

    expect(await reads(main)).toEqual([404, 404, 404]);
    expect(await reads(tag)).toEqual([404, 403, 403]);
  });

  it('is in the audit log of what it does', async () => {
    const as = await exchanged(await issuer.sign(claims({ sub: 'recorded' })));
    await server.grant(IMAGES, 'roles/artifactregistry.repoAdmin', principal('subject/recorded'));
    await new ApiCaller(server, as).ok('GET', IMAGES);

    const { service, method } = await server.database.read
      .selectFrom('audit_entry')
      .select(['service', 'method'])
      .where('subject', '=', principal('subject/recorded'))
      .executeTakeFirstOrThrow();
    expect([service, method]).toEqual([
      'sts.googleapis.com',
      'google.identity.sts.v1.SecurityTokenService.IssueToken',
    ]);
  });
});

describe('what a provider vouched for', () => {
  it('ends at once when it is disabled, and does not come back', async () => {
    const { as, ask } = await got('disabled');
    const registry = async () => (await server.send('GET', '/v2/token', { as })).status;
    const { token } = (await (await server.send('GET', '/v2/token', { as })).json()) as Json;
    expect([await tags(as), await tags(`Bearer ${token}`)]).toEqual([404, 404]);

    await patched(`${POOL}/providers/disabled`, 'disabled', { disabled: true });

    expect([await tags(as), await tags(`Bearer ${token}`), await registry()]).toEqual([401, 401, 401]);
    expect(await refusal(await ask())).toEqual(NOT_ACCEPTED);
    await patched(`${POOL}/providers/disabled`, 'disabled', { disabled: false });
    expect(await tags(as)).toBe(401);
    expect((await ask()).status).toBe(200);
  });

  it('ends when it comes to vouch for others, and not when it is described', async () => {
    const { as } = await got('narrowed');
    const path = `${POOL}/providers/narrowed`;

    await patched(path, 'description,displayName', { description: 'ours', displayName: 'CI' });
    expect(await tags(as)).toBe(404);
    await patched(path, 'attributeCondition', { attributeCondition: "assertion.sub == 'nobody'" });

    expect(await tags(as)).toBe(401);
    expect(
      (
        (await refusal(
          await exchange(await issuer.sign(claims({ aud: 'registry' })), {
            audience: audience.replace('main', 'narrowed'),
          }),
        )) as Json
      ).error,
    ).toBe('unauthorized_client');
  });

  it('ends with the provider, whose name means nothing of it when it comes again', async () => {
    const { as } = await got('deleted');

    await api.ok('DELETE', `${POOL}/providers/deleted`);
    expect(await tags(as)).toBe(401);

    const again = await got('deleted');
    expect([await tags(as), await tags(again.as)]).toEqual([401, 404]);
  });

  it('ends with its pool, and policies no longer mean anybody of it', async () => {
    await using other = await TestServer.start();
    const caller = new ApiCaller(other);
    const pools = 'projects/my-project/locations/global/workloadIdentityPools';
    const make = async () => {
      await caller.ok('POST', `${pools}?workloadIdentityPoolId=pool`, {});
      await caller.ok('POST', `${pools}/pool/providers?workloadIdentityPoolProviderId=main`, {
        attributeMapping: { 'google.subject': 'assertion.sub' },
        oidc: { issuerUri: ISSUER, jwksJson: await issuer.keySet(), allowedAudiences: ['registry'] },
      });
    };
    await make();
    const { projectNumber } = await caller.get('projects/my-project');
    const own = principal('*').replace('/builds/', '/pool/').replace(number, projectNumber);
    const members = [
      own.replace('*', 'subject/repo:shop/web:main'),
      own.replace('principal:', 'principalSet:'),
    ];
    const foreign = own.replace('/pool/*', '/pool-2/subject/x');
    for (const member of [...members, foreign]) await other.grant(IMAGES, 'roles/viewer', member);

    await caller.ok('DELETE', `${pools}/pool`);

    const { bindings } = await caller.ok('GET', `${IMAGES}:getIamPolicy`);
    expect(bindings).toEqual([
      { role: 'roles/viewer', members: [...members.map((member) => `deleted:${member}`), foreign].sort() },
    ]);
    expect((await caller.send('GET', `${pools}/pool`)).status).toBe(404);
  });

  it('is nothing that a condition refuses', async () => {
    await provider('guarded', {
      attributeMapping: { 'google.subject': 'assertion.sub', 'attribute.owner': 'assertion.owner' },
      attributeCondition:
        "attribute.owner == 'shop' && assertion.ref in ['refs/heads/main'] && google.subject != ''",
      oidc: { allowedAudiences: ['registry'] },
    });

    expect((await askGuarded({ owner: 'shop', ref: 'refs/heads/main' })).status).toBe(200);
    for (const more of [
      { owner: 'evil', ref: 'refs/heads/main' },
      { owner: 'shop' },
      { owner: 'shop', ref: 7 },
    ])
      expect(await askGuarded(more)).toMatchObject({ status: 400, error: 'unauthorized_client' });
    expect(await askGuarded({ ref: 'refs/heads/main' })).toMatchObject({ error: 'invalid_grant' });
  });
});

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

it('believes no provider that is changed while its issuer gives the keys', async () => {
  const config = {
    attributeMapping: { 'google.subject': 'assertion.sub' },
    oidc: { issuerUri: ISSUER, allowedAudiences: ['registry'], jwksJson: await issuer.keySet() },
  };
  const standing = { project: 'my-project', projectNumber: number, pool: 'builds', provider: 'main', config };
  const identified = async (later: typeof standing | undefined) => {
    const readings = [standing, later];
    const federation = new Federation({
      providers: { provider: () => structuredClone(readings.shift()), stands: () => true },
      outbound: { fetch: () => Promise.reject(new Error('nobody is asked')) },
      now: server.clock.now,
    });
    return federation.identify(audience, await issuer.sign(claims({ aud: 'registry' })));
  };
  const narrowed = { ...standing, config: { ...config, attributeCondition: 'assertion.sub == "other"' } };

  expect(await identified(standing)).toMatchObject({ id: principal('subject/repo:shop/web:main') });
  for (const later of [narrowed, undefined])
    expect(await failureOf(identified(later))).toMatchObject({ reason: 'invalid_grant' });
});
