import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { ApiCaller, type Json, PROJECT } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';

let server: TestServer;
let api: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  api = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

/** Made with openssl req -x509; its private key was thrown away. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIC/TCCAeWgAwIBAgIUXxVqym//ZHokTGmuBCs71bpXrUwwDQYJKoZIhvcNAQEL
BQAwDTELMAkGA1UEAwwCY2kwIBcNMjYxMTIxMDkyODE0WhgPMjA1NjExMTMwOTI4
MTRaMA0xCzAJBgNVBAMMAmNpMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKC
AQEAsvRiwxghozdltC1tgUPX1aFFm12YmbGrxqlRNkCcovO/FlwTkWC+oziAcJNe
eCbdddX7I6vOLNjl4g43pLME9j1eTHiXn+g+7E9yfjqkLKSDueV8c3+IVCOHE6OW
vi56grLEby3jDKWkvVsNRK7Ne/Z7qsPuGKjGs9JPGqSElrgTno/ibZm9t3LgQ1YD
GbF72gW1haFMMRUU0ZtMrHfl6LW0wJiF/Q1Zgn5k7UJdqEFHHTIPm8FFF/m+f3vZ
PgtKN4jQhwmGYBDjRZ42/1w71KQ1OHuqZhY3Qnltuk+fYTx8iXup4KwnV8vTZk6O
Duo1psxk0qVbCOx/olcLbUAeDwIDAQABo1MwUTAdBgNVHQ4EFgQUzPtcEO37jU2V
tS+WMK8exZYPtSAwHwYDVR0jBBgwFoAUzPtcEO37jU2VtS+WMK8exZYPtSAwDwYD
VR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAETLFW0mgb5q9EdPwkVp/
H+Aryo7h1Whfw0NN4JG38g9OaKwjaxflIGTVrJ4zjvYA57L1pQzLxsre+PGBkuuG
1Eo49tFofsXrKUEDxMPsmc/Wm1UzrpuyYtiGvKPDyUq76htULrZXw5/MAIoy7jWz
Sxe/W9rU8qy8uYZmPzi3lYpQjClZW4yPuzHtI2kVpEcjEM7dMm1ipSntPV4Rp9Xm
B5iSCyH7dnjtG95fqLkyqbHAtlOdyFNyzlNFLf5TYeZ5w8UeRWALOcbiXoOGsX4I
M2UQ+pQMADr84q3voN8ftZ7qoPP8XF6XkV5q95frMC+zkMGHOkbgrO+gvmHTFRfd
Zg==
-----END CERTIFICATE-----
`;
const CERTIFIED = { from: '2026-11-21T09:28:14.000Z', to: '2056-11-13T09:28:14.000Z' };

let made = 0;
const account = async (): Promise<Json> => {
  made += 1;
  return api.ok('POST', `${PROJECT}/serviceAccounts`, { accountId: `with-keys-${made}` });
};
const fileIn = (key: Json): Json => JSON.parse(Buffer.from(key.privateKeyData, 'base64').toString());
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('a key that is made here', () => {
  it('is Google’s key file, for this server', async () => {
    const { name, email, uniqueId } = await account();

    const key = await api.ok('POST', `${name}/keys`, {});

    expect(key).toEqual({
      name: expect.stringMatching(/\/keys\/[0-9a-f]{40}$/),
      keyAlgorithm: 'KEY_ALG_RSA_2048',
      validAfterTime: '2026-03-01T12:00:00.000Z',
      validBeforeTime: '9999-12-31T23:59:59.000Z',
      keyOrigin: 'GOOGLE_PROVIDED',
      keyType: 'USER_MANAGED',
      privateKeyType: 'TYPE_GOOGLE_CREDENTIALS_FILE',
      privateKeyData: expect.any(String),
    });
    expect(key.name).toStartWith(`${name}/keys/`);
    expect(fileIn(key)).toEqual({
      type: 'service_account',
      project_id: 'my-project',
      private_key_id: key.name.split('/').at(-1),
      private_key: expect.stringContaining('BEGIN PRIVATE KEY'),
      client_email: email,
      client_id: uniqueId,
      auth_uri: 'http://localhost:8080/o/oauth2/auth',
      token_uri: 'http://localhost:8080/token',
      universe_domain: 'googleapis.com',
    });
  });

  it('says where tokens are by the name that it was asked for by, and by the public one where there is one', async () => {
    const { name } = await account();
    const elsewhere = await api.ok('POST', `${name}/keys`, {}, { host: 'registry.example:5000' });
    expect(fileIn(elsewhere).token_uri).toBe('http://registry.example:5000/token');

    await using published = await TestServer.start([
      '--public-url',
      'https://registry.example',
      '--service-account-domain',
      'accounts.example',
    ]);
    const there = new ApiCaller(published);
    const { email } = await there.ok('POST', `${PROJECT}/serviceAccounts`, { accountId: 'published' });
    expect(email).toBe('published@my-project.accounts.example');
    const key = await there.ok('POST', `projects/-/serviceAccounts/${email}/keys`, {});
    expect(fileIn(key).token_uri).toBe('https://registry.example/token');
  });

  it('is shown without its private half ever after', async () => {
    const { name } = await account();
    const { privateKeyData: _, privateKeyType: __, ...shown } = await api.ok('POST', `${name}/keys`, {});
    expect(await api.get(shown.name)).toEqual(shown);
    expect(await api.get(`${name}/keys`)).toEqual({ keys: [shown] });
  });

  it('is verified by the public key that is shown', async () => {
    const { name } = await account();
    const key = await api.ok('POST', `${name}/keys`, {});
    const shown = await api.get(`${key.name}?publicKeyType=TYPE_RAW_PUBLIC_KEY`);
    const data = Buffer.from('anything');
    const signature = sign('sha256', data, createPrivateKey(fileIn(key).private_key));
    const pem = Buffer.from(shown.publicKeyData, 'base64').toString();
    expect(verify('sha256', data, createPublicKey(pem), signature)).toBe(true);
  });

  it('is not kept', async () => {
    const { name } = await account();
    const { private_key: pem } = fileIn(await api.ok('POST', `${name}/keys`, {}));
    const secret = createPrivateKey(pem).export({ format: 'jwk' }).d ?? '';
    const rows = await server.database.read.selectFrom('service_account_key').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain('PRIVATE');
    expect(secret.length).toBeGreaterThan(300);
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  it.each([
    [{ keyAlgorithm: 'KEY_ALG_RSA_1024' }, 'key_algorithm'],
    [{ privateKeyType: 'TYPE_PKCS12_FILE' }, 'private_key_type'],
    [{ keyAlgorithm: 'ED25519' }, 'key_algorithm'],
  ])('is not made as %p', async (wanted, field) => {
    const { name } = await account();
    expect(await api.refused('POST', `${name}/keys`, wanted)).toMatchObject({ status: 400, field });
  });

  it('is one of ten at most', async () => {
    const { name } = await account();
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const publicKeyData = base64(publicKey.export({ type: 'spki', format: 'pem' }));
    for (let count = 0; count < 10; count += 1)
      await api.ok('POST', `${name}/keys:upload`, { publicKeyData });
    const eleventh = await api.refused('POST', `${name}/keys`, {});
    expect(eleventh).toMatchObject({ status: 400, code: 'FAILED_PRECONDITION' });
    expect((await api.get(`${name}/keys`)).keys).toHaveLength(10);
  });

  it('is listed by what manages it, and none is the system’s', async () => {
    const { name } = await account();
    await api.ok('POST', `${name}/keys`, {});
    const listed = async (query: string) => ((await api.get(`${name}/keys${query}`)).keys ?? []).length;
    expect(await listed('?keyTypes=USER_MANAGED')).toBe(1);
    expect(await listed('?keyTypes=SYSTEM_MANAGED')).toBe(0);
    expect(await listed('?keyTypes=SYSTEM_MANAGED&keyTypes=USER_MANAGED')).toBe(1);
    expect((await api.refused('GET', `${name}/keys?keyTypes=MINE`)).status).toBe(400);
  });

  it('is disabled, enabled and deleted, and of one account only', async () => {
    const [{ name }, { name: other }] = [await account(), await account()];
    const key = await api.ok('POST', `${name}/keys`, {});
    const id = key.name.split('/').at(-1);

    await api.ok('POST', `${key.name}:disable`, {});
    expect((await api.get(key.name)).disabled).toBe(true);
    await api.ok('POST', `${key.name}:enable`, {});
    expect((await api.get(key.name)).disabled).toBe(undefined);
    for (const [method, verb] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', ':disable'],
    ] as const)
      expect((await api.refused(method, `${other}/keys/${id}${verb}`)).status).toBe(404);

    await api.ok('DELETE', key.name);
    expect((await api.refused('DELETE', key.name)).status).toBe(404);
  });

  it('is made by nobody for an account that may do more than they', async () => {
    const { name, email } = await account();
    const admin = await server.account('key-admin');
    await server.grant(PROJECT, 'roles/iam.serviceAccountKeyAdmin', 'user:key-admin');
    const caller = new ApiCaller(server, admin);
    const key = await caller.ok('POST', `${name}/keys`, {});

    await server.grant('/', 'roles/owner', `serviceAccount:${email}`);

    for (const path of [`${name}/keys`, `${key.name}:enable`])
      expect(await caller.refused('POST', path, {})).toMatchObject({ status: 403, reason: 'GRANT_EXCEEDED' });
    await caller.ok('POST', `${key.name}:disable`, {});
  });
});

const pemOf = (bits: number, type: 'public' | 'private' = 'public'): string => {
  const pair = generateKeyPairSync('rsa', { modulusLength: bits });
  return type === 'public'
    ? pair.publicKey.export({ type: 'spki', format: 'pem' })
    : pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
};

const upload = async (text: string): Promise<Json> => {
  const { name } = await account();
  return api.ok('POST', `${name}/keys:upload`, { publicKeyData: base64(text) });
};

describe('a public key that is uploaded', () => {
  it('is a key like others', async () => {
    const key = await upload(pemOf(3072));
    expect(key).toMatchObject({ keyAlgorithm: 'KEY_ALG_RSA_3072', keyOrigin: 'USER_PROVIDED' });
    expect(key.privateKeyData).toBe(undefined);
  });

  it('has the time of its certificate', async () => {
    const key = await upload(CERTIFICATE);
    expect(key).toMatchObject({
      keyAlgorithm: 'KEY_ALG_RSA_2048',
      validAfterTime: CERTIFIED.from,
      validBeforeTime: CERTIFIED.to,
    });
  });

  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  it.each([
    ['nothing', '', 'PEM'],
    ['no PEM', 'hello', 'PEM'],
    ['a damaged one', pemOf(2048).replace('MII', 'AAA'), 'PEM'],
    ['a private key', pemOf(2048, 'private'), 'private key'],
    ['a key that is too small', pemOf(1024), '2048'],
    ['another kind of key', elliptic.export({ type: 'spki', format: 'pem' }), 'RSA'],
    ['far too much', `${pemOf(2048)}${' '.repeat(20_000)}`, 'PEM'],
  ])('is not %s', async (_, text, words) => {
    const { name } = await account();
    const refused = await api.refused('POST', `${name}/keys:upload`, { publicKeyData: base64(text) });
    expect(refused).toMatchObject({ status: 400, field: 'public_key_data' });
    expect(refused.message).toContain(words);
  });
});
