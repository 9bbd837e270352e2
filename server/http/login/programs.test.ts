import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { Browser } from '../../testing/browser.ts';
import { ADMIN_PASSWORD, HOST, TestServer } from '../../testing/harness.ts';

const ORIGIN = `http://${HOST}`;
const REDIRECT = 'http://127.0.0.1:49152/callback';
const VERIFIER = 'v'.repeat(43);
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const QUERY = {
  response_type: 'code',
  client_id: 'entrepot-cli',
  redirect_uri: REDIRECT,
  code_challenge: CHALLENGE,
  code_challenge_method: 'S256',
  state: 'the state',
};
type Answer = Readonly<Record<string, unknown>>;

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

/** The address of the program, which answers nothing. */
const browser = (peer?: string): Browser =>
  new Browser(async (request) =>
    new URL(request.url).host === HOST ? server.answer(request, peer) : new Response('the program'),
  );
const authorize = (changes: Readonly<Record<string, string>> = {}): string =>
  `${ORIGIN}/authorize?${new URLSearchParams({ ...QUERY, ...changes }).toString()}`;

async function person(peer?: string): Promise<Browser> {
  const one = browser(peer);
  await one.open(`${ORIGIN}/login`);
  await one.submit({ username: 'admin', password: ADMIN_PASSWORD });
  return one;
}

async function post(path: string, form: Readonly<Record<string, string>>, peer?: string) {
  const body = new URLSearchParams(form);
  const answer = await server.send('POST', path, { as: null, body, ...(peer !== undefined && { peer }) });
  return { status: answer.status, ...((await answer.json()) as Answer) } as Answer & {
    readonly status: number;
  };
}
const redeem = (secret: string, changes: Readonly<Record<string, string>> = {}) =>
  post('/token', {
    grant_type: 'authorization_code',
    client_id: 'entrepot-cli',
    redirect_uri: REDIRECT,
    code_verifier: VERIFIER,
    code: secret,
    ...changes,
  });
const works = async (token: unknown): Promise<boolean> =>
  (await server.send('GET', '/v1/projects', { as: `Bearer ${String(token)}` })).status === 200;

async function changed(method: string, path: string, body?: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await server.send(method, path, body ? { headers, body: JSON.stringify(body) } : {});
  expect(answer.status).toBe(200);
}

/** A code that the person has just let a program have. */
async function code(): Promise<string> {
  const one = await person();
  await one.open(authorize());
  await one.submit({ decision: 'allow' });
  return one.shown.url.searchParams.get('code') ?? '';
}

describe('a program on the person’s machine', () => {
  it('is let in by the person, who logs in first', async () => {
    const one = browser();
    await one.open(authorize());
    expect(one.shown.url.pathname).toBe('/login');
    await one.submit({ username: 'admin', password: ADMIN_PASSWORD });
    expect(one.shown.url.pathname).toBe('/authorize');
    expect(one.shown.headers.get('content-security-policy')).toContain(
      "form-action 'self' http://127.0.0.1:49152;",
    );
    await one.submit({ decision: 'allow' });

    const { origin, pathname, searchParams: brought } = one.shown.url;
    expect([origin + pathname, brought.get('state'), brought.get('iss')]).toEqual([
      REDIRECT,
      'the state',
      ORIGIN,
    ]);
    const answer = await redeem(brought.get('code') ?? '');

    expect(answer).toMatchObject({ status: 200, token_type: 'Bearer', account: 'admin' });
    expect(await works(answer['access_token'])).toBe(true);
    const next = { grant_type: 'refresh_token', refresh_token: String(answer['refresh_token']) };
    expect(await works((await post('/token', next))['access_token'])).toBe(true);
  });

  it('is told when it is refused', async () => {
    const one = await person();
    await one.open(authorize());

    await one.submit({ decision: 'deny' });

    expect(one.shown.url.searchParams.get('error')).toBe('access_denied');
    expect(one.shown.url.searchParams.get('code')).toBeNull();
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['another verifier', { code_verifier: 'w'.repeat(43) }],
    ['the challenge for a verifier', { code_verifier: CHALLENGE }],
    ['a short verifier', { code_verifier: 'v' }],
    ['another address', { redirect_uri: 'http://127.0.0.1:49153/callback' }],
    ['another name', { client_id: 'other' }],
  ])('gets nothing with %s, nor with the code after that', async (_, changes) => {
    const one = await code();

    expect(await redeem(one, changes)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect(await redeem(one)).toMatchObject({ status: 400, error: 'invalid_grant' });
  });

  it('loses its log-in when its code comes again', async () => {
    const one = await code();
    const answer = await redeem(one);

    expect(await redeem(one)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect(await works(answer['access_token'])).toBe(false);
    const next = { grant_type: 'refresh_token', refresh_token: String(answer['refresh_token']) };
    expect((await post('/token', next)).status).toBeGreaterThanOrEqual(400);
  });

  it('gets one log-in for a code that comes many times at once', async () => {
    const one = await code();

    const answers = await Promise.all(Array.from({ length: 5 }, () => redeem(one)));

    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
  });

  it('has a minute', async () => {
    const one = await code();
    server.clock.advance(60_000);

    expect(await redeem(one)).toMatchObject({ status: 400, error: 'invalid_grant' });
  });

  it('is not let in by a form of another question, or of another site', async () => {
    const one = await person();
    await one.open(authorize());
    const [, token = ''] = /name="token" value="([^"]+)"/.exec(one.shown.text) ?? [];

    await one.post(authorize({ redirect_uri: 'http://127.0.0.1:1/' }), { token, decision: 'allow' }, ORIGIN);
    expect(one.shown.status).toBe(400);
    await one.post(authorize(), { token, decision: 'allow' }, 'https://evil.test');
    expect(one.shown.status).toBe(403);
  });

  it.each([{ redirect_uri: 'https://evil.test/' }, { client_id: 'x' }, { code_challenge_method: 'plain' }])(
    'is not sent anywhere with %j',
    async (changes) => {
      const one = await person();

      await one.open(authorize(changes));

      expect([one.shown.status, one.shown.url.host]).toEqual([400, HOST]);
    },
  );
});

const begin = (peer?: string) => post('/device_authorization', { client_id: 'entrepot-cli' }, peer);
const ask = (device: Answer) =>
  post('/token', {
    grant_type: DEVICE,
    client_id: 'entrepot-cli',
    device_code: String(device['device_code']),
  });
const enter = async (one: Browser, userCode: unknown) => {
  await one.open(`${ORIGIN}/device`);
  await one.submit({ user_code: String(userCode) });
};

describe('a program without a browser', () => {
  it('is let in by whoever enters its code, however it is written, once', async () => {
    const device = await begin('198.51.100.7');
    expect(device).toMatchObject({
      status: 200,
      verification_uri: `${ORIGIN}/device`,
      verification_uri_complete: `${ORIGIN}/device?user_code=${String(device['user_code'])}`,
      expires_in: 600,
      interval: 5,
    });
    expect(await ask(device)).toMatchObject({ status: 400, error: 'authorization_pending' });
    const one = await person();
    await enter(one, String(device['user_code']).toLowerCase().replace('-', ' '));
    expect(one.shown.text).toContain('198.51.100.7');
    expect(one.shown.text).toContain('<strong>admin</strong>');
    await one.submit({ decision: 'allow' });
    expect(one.shown.text).toContain('<h1>Done</h1>');
    server.clock.advance(5_000);

    const answer = await ask(device);

    expect(answer).toMatchObject({ status: 200, account: 'admin' });
    expect(await works(answer['access_token'])).toBe(true);
    expect(await ask(device)).toMatchObject({ status: 400, error: 'expired_token' });
  });

  it('is told to slow down, by five seconds more each time', async () => {
    const device = await begin();
    await ask(device);
    server.clock.advance(4_999);

    expect(await ask(device)).toMatchObject({ error: 'slow_down' });
    server.clock.advance(9_999);
    expect(await ask(device)).toMatchObject({ error: 'slow_down' });
    server.clock.advance(15_000);
    expect(await ask(device)).toMatchObject({ error: 'authorization_pending' });
  });

  it('is told when it is refused', async () => {
    const device = await begin();
    const one = await person();
    await enter(one, device['user_code']);
    await one.submit({ decision: 'deny' });

    expect(await ask(device)).toMatchObject({ status: 400, error: 'access_denied' });
    expect(await ask(device)).toMatchObject({ status: 400, error: 'expired_token' });
  });

  it('has ten minutes, and its code is then not known', async () => {
    const device = await begin();
    const one = await person();
    server.clock.advance(600_000);

    await enter(one, device['user_code']);

    expect([one.shown.status, one.shown.text]).toEqual([400, expect.stringContaining('is not known')]);
    expect(await ask(device)).toMatchObject({ error: 'expired_token' });
  });

  it('is let in by one answer, and not by a second', async () => {
    const device = await begin();
    const [one, other] = [await person(), await person()];
    await enter(one, device['user_code']);
    await enter(other, device['user_code']);
    await one.submit({ decision: 'deny' });

    await other.submit({ decision: 'allow' });

    expect(other.shown.status).toBe(400);
    expect(await ask(device)).toMatchObject({ error: 'access_denied' });
  });

  it('is not let in when the user is disabled meanwhile', async () => {
    await server.account('dan');
    const device = await begin();
    const one = browser();
    await one.open(`${ORIGIN}/device?user_code=${String(device['user_code'])}`);
    await one.submit({ username: 'dan', password: "dan's password" });
    await one.submit();
    await one.submit({ decision: 'allow' });
    await server.accounts.put({ id: 'dan', kind: 'user', disabled: true });

    expect(await ask(device)).toMatchObject({ status: 400, error: 'invalid_grant' });
  });

  it.each([
    ['has another password', 'POST', ':setPassword', { password: 'another password' }],
    ['was disabled, though enabled again', 'POST', ':disable', {}],
    ['was deleted, though there is another of that name', 'DELETE', '', undefined],
  ] as const)('is not let in by whom %s meanwhile', async (_, method, path, body) => {
    await server.account('eve', [], { password: "eve's password" });
    const device = await begin();
    const one = browser();
    await one.open(`${ORIGIN}/device?user_code=${String(device['user_code'])}`);
    await one.submit({ username: 'eve', password: "eve's password" });
    await one.submit();
    await one.submit({ decision: 'allow' });
    await one.open(authorize());
    await one.submit({ decision: 'allow' });
    const issued = one.shown.url.searchParams.get('code') ?? '';

    await changed(method, `/v1/users/eve${path}`, body);
    if (path === '') await server.account('eve');
    else await changed('POST', '/v1/users/eve:enable', {});

    expect(await ask(device)).toMatchObject({ status: 400, error: 'expired_token' });
    expect(await redeem(issued)).toMatchObject({ status: 400, error: 'invalid_grant' });
    await changed('DELETE', '/v1/users/eve');
  });

  it('is not let in by guessing', async () => {
    const guesser = await person('198.51.100.8');
    for (let guess = 0; guess < 10; guess += 1) {
      await enter(guesser, 'BBBB-BBBB');
      expect(guesser.shown.status).toBe(400);
    }
    const device = await begin();

    await enter(guesser, device['user_code']);

    expect(guesser.shown.status).toBe(429);
  });

  it('is not let in by another site', async () => {
    const device = await begin();
    const one = await person();
    await enter(one, device['user_code']);
    const fields = { user_code: String(device['user_code']), decision: 'allow' };

    await one.post(`${ORIGIN}/device`, fields, 'https://evil.test');
    expect(one.shown.status).toBe(403);
    await one.post(`${ORIGIN}/device`, fields, ORIGIN);
    expect(one.shown.status).toBe(400);
    expect(await ask(device)).toMatchObject({ error: 'authorization_pending' });
  });

  it('shows its name as text', async () => {
    const answer = await server.send('POST', '/device_authorization', {
      as: null,
      headers: { 'user-agent': '<script>alert(1)</script>' },
      body: new URLSearchParams({ client_id: 'entrepot-cli' }),
    });
    const one = await person();

    await enter(one, ((await answer.json()) as Answer)['user_code']);

    expect(one.shown.text).toContain('&#60;script&#62;');
    expect(one.shown.text).not.toContain('<script');
  });

  it('of another name, or asked for in another way, is refused', async () => {
    expect(await post('/device_authorization', {})).toMatchObject({ status: 400, error: 'invalid_client' });
    const get = await server.send('GET', '/device_authorization', { as: null });
    expect([get.status, await get.json()]).toMatchObject([405, { error: 'invalid_request' }]);
  });

  it('cannot be begun without end', async () => {
    const peer = '198.51.100.10';
    for (let begun = 0; begun < 60; begun += 1) expect((await begin(peer)).status).toBe(200);

    expect((await begin(peer)).status).toBe(429);
    expect((await begin('198.51.100.11')).status).toBe(200);
    server.clock.advance(60_000);
    expect((await begin(peer)).status).toBe(200);
  });
});

describe('the server', () => {
  it('tells programs how to log in (RFC 8414)', async () => {
    const answer = await server.send('GET', '/.well-known/oauth-authorization-server', { as: null });

    expect(await answer.json()).toMatchObject({
      issuer: ORIGIN,
      authorization_endpoint: `${ORIGIN}/authorize`,
      token_endpoint: `${ORIGIN}/token`,
      device_authorization_endpoint: `${ORIGIN}/device_authorization`,
      grant_types_supported: expect.arrayContaining(['authorization_code', 'refresh_token', DEVICE]),
      code_challenge_methods_supported: ['S256'],
      entrepot_login_methods: ['password'],
    });
  });
});
