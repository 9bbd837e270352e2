import { expect } from 'bun:test';
import { conformanceTable, type Ground, type Row } from './table.ts';
import { ABSENT, type Answer, jsonOf, utf8, type Wire } from './wire.ts';

interface Token {
  readonly token: string;
  readonly access_token: string;
  readonly expires_in: number;
  readonly issued_at: string;
}

const parameters = (challenge: string): ReadonlyMap<string, string> =>
  new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]));

/** What a request without credentials is told to do. */
async function challenged(image: Wire, method: string, path: string): Promise<ReadonlyMap<string, string>> {
  const answer = await image.send(method, path, { anonymous: true });
  expect(answer.status).toBe(401);
  const challenge = answer.headers.get('www-authenticate') ?? '';
  expect(challenge).toMatch(/^Bearer /);
  return parameters(challenge);
}

function tokenIn(answer: Answer): string {
  expect(answer.status).toBe(200);
  const { token, access_token: same, expires_in: seconds, issued_at: issued } = jsonOf(answer) as Token;
  expect(token).toBe(same);
  expect(seconds).toBeGreaterThanOrEqual(300);
  expect(Math.abs(Date.parse(issued) - Date.now())).toBeLessThan(60_000);
  return token;
}

const bearer = (token: string) => ({ anonymous: true, headers: { authorization: `Bearer ${token}` } });
const basic = (username: string, password: string) => ({
  anonymous: true,
  headers: { authorization: `Basic ${btoa(`${username}:${password}`)}` },
});
const form = (fields: Readonly<Record<string, string>>) => ({
  anonymous: true,
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: utf8(new URLSearchParams(fields).toString()),
});

/** https://distribution.github.io/distribution/spec/auth/token/ and …/auth/oauth/, which the OCI spec leaves open. */
const rows: readonly Row[] = [
  {
    level: 'ours',
    says: 'a request for an image is challenged with realm, service and the scope it needs',
    async run({ image, host }: Ground) {
      for (const [method, path, actions] of [
        ['GET', 'manifests/v1', 'pull'],
        ['HEAD', `blobs/${ABSENT}`, 'pull'],
        ['POST', 'blobs/uploads/', 'pull,push'],
        ['PUT', 'manifests/v1', 'pull,push'],
      ] as const) {
        const challenge = await challenged(image, method, path);
        expect(challenge.get('realm')).toBe(`http://${host}/v2/token`);
        expect(challenge.get('scope')).toBe(`repository:${image.name}:${actions}`);
        expect(challenge.get('service')).toBeTruthy();
      }
    },
  },
  {
    level: 'ours',
    says: 'the base is challenged without a scope',
    async run({ image }) {
      expect((await challenged(image, 'GET', '/v2/')).get('scope')).toBeUndefined();
    },
  },
  {
    level: 'ours',
    says: 'a token got with a password, by GET or by form, opens what it was asked for',
    async run({ image, credentials: { username, password } }) {
      const { digest } = await image.pushImage('v1');
      const scope = `repository:${image.name}:pull,push`;
      const query = new URLSearchParams({ service: 'any', scope, account: username, client_id: 'docker' });
      const answers = [
        await image.send('GET', `/v2/token?${query.toString()}`, basic(username, password)),
        await image.send(
          'POST',
          '/v2/token',
          form({ grant_type: 'password', username, password, scope, service: 'any', client_id: 'test' }),
        ),
      ];
      for (const answer of answers) {
        const token = tokenIn(answer);
        expect((await image.send('GET', '/v2/', bearer(token))).status).toBe(200);
        const head = await image.send('HEAD', 'manifests/v1', bearer(token));
        expect(head.headers.get('docker-content-digest')).toBe(digest);
        expect((await image.send('POST', 'blobs/uploads/', bearer(token))).status).toBe(202);
      }
    },
  },
  {
    level: 'ours',
    says: 'several scopes in one request are all honoured',
    async run({ image, other, credentials: { username, password } }) {
      await other.pushImage('v1');
      const scopes = [`repository:${image.name}:push,pull`, `repository:${other.name}:pull`];
      const asked = [
        `/v2/token?service=any&${scopes.map((scope) => `scope=${encodeURIComponent(scope)}`).join('&')}`,
        `/v2/token?service=any&scope=${encodeURIComponent(scopes.join(' '))}`,
      ];
      for (const path of asked) {
        const token = tokenIn(await image.send('GET', path, basic(username, password)));
        expect((await image.send('POST', 'blobs/uploads/', bearer(token))).status).toBe(202);
        expect((await other.send('GET', 'manifests/v1', bearer(token))).status).toBe(200);
      }
    },
  },
  {
    level: 'ours',
    says: 'wrong credentials get no token and no answer',
    async run({ image, credentials: { username } }) {
      await image.pushImage('v1');
      for (const wrong of [
        basic(username, 'wrong'),
        basic('nobody', 'x'),
        basic('oauth2accesstoken', 'made-up'),
      ]) {
        expect((await image.send('GET', '/v2/token?service=any', wrong)).status).toBe(401);
        expect((await image.send('GET', '/v2/', wrong)).status).toBe(401);
        expect((await image.send('GET', 'manifests/v1', wrong)).status).toBe(401);
      }
      expect((await image.send('GET', 'manifests/v1', bearer('made-up'))).status).toBe(401);
      const refused = form({ grant_type: 'password', username, password: 'wrong', service: 'any' });
      expect((await image.send('POST', '/v2/token', refused)).status).toBe(401);
    },
  },
  {
    level: 'ours',
    says: 'an access token is a password for every name that Google gives such tokens, and a bearer token',
    async run({ image, credentials, accessToken }) {
      await image.pushImage('v1');
      for (const name of ['oauth2accesstoken', '_token', '_dcgcloud_token', '_dcgcr_2_1_8_token'])
        expect((await image.send('GET', 'manifests/v1', basic(name, accessToken))).status).toBe(200);
      expect((await image.send('GET', 'manifests/v1', bearer(accessToken))).status).toBe(200);
      expect((await image.send('GET', 'manifests/v1', basic(credentials.username, accessToken))).status).toBe(
        401,
      );
    },
  },
];

conformanceTable('tokens', rows);
