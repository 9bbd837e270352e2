import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { ApiCaller, type Json, PROJECT } from '../testing/api.ts';
import { basic, TestServer } from '../testing/harness.ts';
import { TestServiceAccount } from '../testing/service-account.ts';

const HOUR = 3600;
const OURS = 'http://localhost:8080/token';
const GOOGLES = 'https://artifactregistry.googleapis.com/';

let server: TestServer;
let account: TestServiceAccount;
let other: TestServiceAccount;
beforeAll(async () => {
  server = await TestServer.start();
  account = await TestServiceAccount.make(server, 'builder');
  other = await TestServiceAccount.make(server, 'another');
  await server.grant('projects/my-project', 'roles/viewer', `serviceAccount:${account.email}`);
});
afterAll(() => server[Symbol.asyncDispose]());

/** What reading the project answers to a credential; 200 for the account with its role. */
const reading = async (as: string | null, path = '/v1/projects/my-project'): Promise<number> =>
  (await server.send('GET', path, { as })).status;

const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });

type Make = () => string | Promise<string>;

/** Statements that are good for nothing, wherever they are shown. `aud` is what is expected there. */
const worthless = (aud: string): readonly (readonly [string, Make])[] => [
  ['no JWT at all', () => 'not-a-jwt'],
  ['empty parts', () => '..'],
  ['parts that are no JSON', () => 'AAAA.AAAA.AAAA'],
  ['no signature', () => new UnsecuredJWT({ iss: account.email, sub: account.email, aud }).encode()],
  [
    'a signature that was cut off',
    async () => `${(await account.sign({ aud })).split('.').slice(0, 2).join('.')}.`,
  ],
  [
    'claims that were changed',
    async () => {
      const [header, , signature] = (await account.sign({ aud })).split('.');
      const [, claims] = (await account.sign({ aud, exp: account.now + 10 })).split('.');
      return `${header}.${claims}.${signature}`;
    },
  ],
  [
    'HS256 with the public key as secret',
    () => {
      const secret = createPublicKey(account.privateKey).export({ type: 'spki', format: 'pem' });
      return new SignJWT({ iss: account.email, sub: account.email, aud })
        .setProtectedHeader({ alg: 'HS256', kid: account.file.private_key_id })
        .setIssuedAt(account.now)
        .setExpirationTime(account.now + 60)
        .sign(Buffer.from(secret));
    },
  ],
  ['RS512', () => account.sign({ aud }, { alg: 'RS512' })],
  [
    'the key of a stranger',
    () =>
      new SignJWT({ iss: account.email, sub: account.email, aud })
        .setProtectedHeader({ alg: 'RS256', kid: account.file.private_key_id })
        .setIssuedAt(account.now)
        .setExpirationTime(account.now + 60)
        .sign(stranger.privateKey),
  ],
  [
    'a stranger’s key that it brings along',
    () =>
      new SignJWT({ iss: account.email, sub: account.email, aud })
        .setProtectedHeader({ alg: 'RS256', jwk: stranger.publicKey.export({ format: 'jwk' }) })
        .setIssuedAt(account.now)
        .setExpirationTime(account.now + 60)
        .sign(stranger.privateKey),
  ],
  ['the key of another account', () => other.sign({ aud, iss: account.email, sub: account.email })],
  ['the id of a key that is not there', () => account.sign({ aud }, { kid: 'f'.repeat(40) })],
  ['an issuer that is not there', () => account.sign({ aud, iss: 'nobody@nowhere', sub: 'nobody@nowhere' })],
  ['no issuer', () => account.sign({ aud, iss: undefined })],
  ['a user as issuer', () => account.sign({ aud, iss: 'admin', sub: 'admin' })],
  ['no end', () => account.sign({ aud, exp: undefined })],
  ['no beginning', () => account.sign({ aud, iat: undefined })],
  ['an end that is over', () => account.sign({ aud, iat: account.now - 100, exp: account.now })],
  ['an end in the past', () => account.sign({ aud, iat: account.now - 2 * HOUR, exp: account.now - HOUR })],
  ['a beginning in the future', () => account.sign({ aud, iat: account.now + 120 })],
  ['a nbf in the future', () => account.sign({ aud, nbf: account.now + 120 })],
  ['more than an hour', () => account.sign({ aud, exp: account.now + HOUR + 120 })],
  [
    'more than an hour from a beginning long ago',
    () => account.sign({ aud, iat: account.now - HOUR, exp: account.now + HOUR }),
  ],
  ['another audience', () => account.sign({ aud: 'https://storage.googleapis.com/' })],
  ['an audience that begins like ours', () => account.sign({ aud: `${new URL(aud).origin}.evil.example/` })],
  ['an audience that is no URL', () => account.sign({ aud: 'artifactregistry' })],
];

describe('an assertion', () => {
  it.each([
    ['as Google’s libraries sign it', {}],
    ['for Google’s own address', { aud: 'https://oauth2.googleapis.com/token' }],
    ['for several', { aud: ['https://elsewhere.example/', OURS] }],
    ['without sub', { sub: undefined }],
    ['from a clock that is a little ahead', { iat: 50 }],
  ] as const)('%s gets an access token', async (_, claims: Record<string, unknown>) => {
    const ahead = typeof claims['iat'] === 'number' ? { iat: account.now + claims['iat'] } : {};
    const answer = await account.exchange(await account.sign({ aud: OURS, ...claims, ...ahead }));

    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const token = (await answer.json()) as Json;
    expect(token).toEqual({
      access_token: expect.stringMatching(/^ent_/),
      token_type: 'Bearer',
      expires_in: HOUR,
    });
    expect(await reading(`Bearer ${token.access_token}`)).toBe(200);
    expect(await reading(basic('oauth2accesstoken', token.access_token))).toBe(200);
  });

  it('need not say which of the keys signed it', async () => {
    const second = await account.withNewKey();
    for (const signer of [account, second]) {
      const answer = await signer.exchange(await signer.sign({ aud: OURS }, { kid: undefined }));
      expect(answer.status).toBe(200);
    }
  });

  it('may come again where it has no jti, and once where it has one', async () => {
    const plain = await account.sign({ aud: OURS });
    expect([(await account.exchange(plain)).status, (await account.exchange(plain)).status]).toEqual([
      200, 200,
    ]);

    const once = await account.sign({ aud: OURS, jti: 'only-once' });
    expect((await account.exchange(once)).status).toBe(200);
    const again = await account.exchange(once);
    expect(again.status).toBe(400);
    expect(await again.json()).toEqual({
      error: 'invalid_grant',
      error_description: 'the assertion was used before: sign a new one with another jti',
    });
    expect((await other.exchange(await other.sign({ aud: OURS, jti: 'only-once' }))).status).toBe(200);
  });

  it.each(worthless(OURS))('with %s is refused', async (_, make) => {
    const answer = await account.exchange(await make());
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: 'invalid_grant' });
  });

  it.each([
    ['somebody else', { sub: 'admin' }, 'unauthorized_client', 'generateAccessToken'],
    ['an ID token', { target_audience: 'https://app.example' }, 'invalid_request', 'no ID tokens'],
  ])('for %s is refused', async (_, claims, error, words) => {
    const answer = await account.exchange(await account.sign({ aud: OURS, ...claims }));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error, error_description: expect.stringContaining(words) });
  });

  it('for a scope that only reads gets a token that only reads', async () => {
    await server.grant('projects/my-project', 'roles/editor', `serviceAccount:${other.email}`);
    const creating = async (scope: string): Promise<number> => {
      const as = await other.authorization({ scope });
      const path = `/v1/projects/my-project/locations/us/repositories?repositoryId=made-${scope.length}`;
      const body = JSON.stringify({ format: 'DOCKER' });
      expect(await reading(as)).toBe(200);
      const headers = { 'content-type': 'application/json' };
      return (await server.send('POST', path, { as, headers, body })).status;
    };
    expect(await creating('https://www.googleapis.com/auth/cloud-platform.read-only')).toBe(403);
    expect(await creating('https://www.googleapis.com/auth/cloud-platform')).toBe(200);
  });
});

describe('a self-signed JWT', () => {
  it.each([
    ['for the service', { aud: GOOGLES }],
    ['for an address of this server', { aud: 'http://localhost:8080/v1/projects?pageSize=1' }],
    ['with a scope instead of an audience', { scope: 'https://www.googleapis.com/auth/cloud-platform' }],
  ])('%s is an access token', async (_, claims) => {
    const jwt = await account.sign(claims);
    for (const as of [`Bearer ${jwt}`, basic('oauth2accesstoken', jwt)]) expect(await reading(as)).toBe(200);
  });

  it.each([
    ...worthless(GOOGLES),
    ['neither audience nor scope', () => account.sign({})],
    ['an empty scope', () => account.sign({ scope: ' ' })],
    ['somebody else', () => account.sign({ aud: GOOGLES, sub: 'admin' })],
    ['nobody in it', () => account.sign({ aud: GOOGLES, sub: undefined })],
    ['no key id of a stranger', () => account.sign({ aud: GOOGLES, iss: other.email }, { kid: undefined })],
  ] as readonly (readonly [string, Make])[])('with %s is refused', async (_, make) => {
    expect(await reading(`Bearer ${await make()}`)).toBe(401);
  });

  it('ends when it says, whatever was got with it', async () => {
    const jwt = await account.sign({ aud: GOOGLES, exp: account.now + 600 });
    const as = `Bearer ${await registryToken(`Bearer ${jwt}`)}`;
    expect([await reading(`Bearer ${jwt}`), await reading(as)]).toEqual([200, 200]);
    server.clock.advance(601_000);
    expect([await reading(`Bearer ${jwt}`), await reading(as)]).toEqual([401, 401]);
  });

  it('that only reads gets a registry token that only reads', async () => {
    const scope = 'https://www.googleapis.com/auth/cloud-platform.read-only';
    const as = `Bearer ${await registryToken(`Bearer ${await other.sign({ scope })}`)}`;
    expect(await reading(as)).toBe(200);
    const upload = '/v2/us-central1-docker/my-project/images/app/blobs/uploads/';
    const full = `Bearer ${await registryToken(basic('_json_key', JSON.stringify(other.file)))}`;
    expect((await server.send('POST', upload, { as: full })).status).toBe(202);
    expect((await server.send('POST', upload, { as })).status).toBe(403);
  });
});

async function registryToken(as: string): Promise<string> {
  const answer = await server.send('GET', '/v2/token?service=localhost:8080', { as });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { token: string }).token;
}

const publicPem = (file: { readonly private_key: string }): string =>
  createPublicKey(file.private_key).export({ type: 'spki', format: 'pem' });

const shown = (file: object): string => basic('_json_key', JSON.stringify(file));

describe('a key file', () => {
  it('is a password, as it is or in base64', async () => {
    const text = JSON.stringify(account.file, undefined, 2);
    expect(await reading(basic('_json_key', text))).toBe(200);
    expect(await reading(basic('_json_key_base64', Buffer.from(text).toString('base64')))).toBe(200);
    expect(await reading(`Bearer ${await registryToken(basic('_json_key', text))}`)).toBe(200);
  });

  it('says who it is by its key alone', async () => {
    expect(await reading(shown({ ...account.file, client_email: 'admin', project_id: 'x' }))).toBe(200);
    expect(await reading(shown({ ...other.file, client_email: account.email }), '/v1/users')).toBe(403);
  });

  it.each([
    ['another account’s private key', () => ({ ...account.file, private_key: other.file.private_key })],
    ['another key’s id', () => ({ ...account.file, private_key_id: other.file.private_key_id })],
    [
      'the public key in the place of the private one',
      () => ({
        ...account.file,
        private_key: publicPem(account.file),
      }),
    ],
    [
      'a public half that is right beside a private one that is not',
      () => ({
        ...account.file,
        private_key: mixed(account.file.private_key),
      }),
    ],
    ['no key', () => ({ ...account.file, private_key: '' })],
    ['no id', () => ({ private_key: account.file.private_key })],
    ['a list', () => []],
  ])('with %s is refused', async (_, make) => {
    expect(await reading(shown(make()))).toBe(401);
  });

  it.each(['', 'null', '{', '"text"', '{"private_key_id":1,"private_key":{}}'])(
    'that reads %p is refused',
    async (text) => {
      expect(await reading(basic('_json_key', text))).toBe(401);
      expect(await reading(basic('_json_key_base64', text))).toBe(401);
    },
  );
});

const modulus = (key: KeyObject): Buffer => Buffer.from(key.export({ format: 'jwk' }).n ?? '', 'base64url');

/** The modulus of one key with the secrets of another. */
function mixed(pem: string): string {
  const der = stranger.privateKey.export({ type: 'pkcs8', format: 'der' });
  der.set(modulus(createPublicKey(pem)), der.indexOf(modulus(stranger.publicKey)));
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`;
}

const credentials = async (signer: TestServiceAccount): Promise<readonly string[]> => {
  const token = await signer.authorization();
  const file = basic('_json_key', JSON.stringify(signer.file));
  const jwt = `Bearer ${await signer.sign({ aud: GOOGLES })}`;
  const registry = await Promise.all(
    [token, file, jwt].map(async (as) => `Bearer ${await registryToken(as)}`),
  );
  return [token, file, jwt, ...registry];
};
const statuses = (all: readonly string[]) => Promise.all(all.map((as) => reading(as)));
const fresh = async (id: string): Promise<TestServiceAccount> => {
  const made = await TestServiceAccount.make(server, id);
  await server.grant('projects/my-project', 'roles/viewer', `serviceAccount:${made.email}`);
  return made;
};

describe('whatever was got with a key', () => {
  it('ends at once with the key, and other keys stay', async () => {
    const api = new ApiCaller(server);
    const signer = await fresh('with-a-key');
    const second = await signer.withNewKey();
    const [first, kept] = [await credentials(signer), await credentials(second)];
    expect(await statuses([...first, ...kept])).toEqual(Array(12).fill(200));

    await api.ok('DELETE', signer.keyName);

    expect(await statuses(first)).toEqual(Array(6).fill(401));
    expect(await statuses(kept)).toEqual(Array(6).fill(200));
    expect((await signer.exchange(await signer.sign({ aud: OURS }))).status).toBe(400);
    expect((await api.refused('GET', signer.keyName)).status).toBe(404);
  });

  it('ends when the key is disabled; what is shown anew counts once it is enabled', async () => {
    const api = new ApiCaller(server);
    const signer = await fresh('key-disabled');
    const all = await credentials(signer);

    await api.ok('POST', `${signer.keyName}:disable`, {});
    expect(await statuses(all)).toEqual(Array(6).fill(401));
    expect((await signer.exchange(await signer.sign({ aud: OURS }))).status).toBe(400);
    await api.ok('POST', `${signer.keyName}:enable`, {});

    const [token, file, jwt] = all;
    expect(await statuses([token ?? '', file ?? '', jwt ?? ''])).toEqual([401, 200, 200]);
  });

  it('is refused while the account is disabled, and for good once it is gone', async () => {
    const api = new ApiCaller(server);
    const signer = await fresh('short-lived');
    const all = await credentials(signer);

    await api.ok('POST', `${signer.name}:disable`, {});
    expect(await statuses(all)).toEqual(Array(6).fill(401));
    expect((await signer.exchange(await signer.sign({ aud: OURS }))).status).toBe(400);
    await api.ok('POST', `${signer.name}:enable`, {});
    expect(await statuses(all)).toEqual(Array(6).fill(200));

    await api.ok('DELETE', signer.name);
    expect(await statuses(all)).toEqual(Array(6).fill(401));
    await api.ok('POST', `${PROJECT}/serviceAccounts`, { accountId: 'short-lived' });
    expect(await statuses(all)).toEqual(Array(6).fill(401));
  });
});
