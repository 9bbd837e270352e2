import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ADMIN_PASSWORD, TestServer } from '../testing/harness.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

interface Granted {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const post = (path: string, fields: Record<string, string>) =>
  server.send('POST', path, { as: null, body: new URLSearchParams(fields) });
const login = async (also: Record<string, string>, username = 'admin', password = ADMIN_PASSWORD) =>
  (await (await post('/token', { grant_type: 'password', username, password, ...also })).json()) as Granted;
const stay = (username?: string, password?: string) => login({ scope: 'offline' }, username, password);
const anns = () => stay('ann', "ann's password");
const renew = (token: string) => post('/token', { grant_type: 'refresh_token', refresh_token: token });
const renewed = async (token: string) => (await (await renew(token)).json()) as Granted;
const status = async (token: string) =>
  (await server.send('GET', '/v1/users/me', { as: `Bearer ${token}` })).status;

describe('a log-in that stays', () => {
  it.each([{ scope: 'offline' }, { scope: 'profile offline' }, { client_id: 'entrepot-cli' }])(
    'is had with %p, and gets a short access token',
    async (also) => {
      expect(await login(also)).toEqual({
        access_token: expect.stringMatching(/^ent_[\w-]{43}$/),
        refresh_token: expect.stringMatching(/^entr_[\w-]{43}$/),
        token_type: 'Bearer',
        expires_in: 3600,
        account: 'admin',
      } as never);
    },
  );

  it('is not had without asking', async () => {
    expect(await login({ scope: 'offline_everything' })).not.toHaveProperty('refresh_token');
  });

  it('goes on with a new pair each time, longer than its access tokens', async () => {
    const first = await stay();
    server.clock.advance(HOUR);
    expect(await status(first.access_token)).toBe(401);
    const second = await renewed(first.refresh_token);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(await status(second.access_token)).toBe(200);
    const third = await renewed(second.refresh_token);
    expect(await status(third.access_token)).toBe(200);
  });

  it('is no credential itself', async () => {
    const { refresh_token } = await stay();
    expect(await status(refresh_token)).toBe(401);
  });

  it('ends 30 days after it was last gone on with', async () => {
    const { refresh_token } = await stay();
    server.clock.advance(30 * DAY);
    expect((await renew(refresh_token)).status).toBe(401);
  });

  it('ends 90 days after its beginning, however busy', async () => {
    let current = await stay();
    for (let day = 0; day < 80; day += 20) {
      server.clock.advance(20 * DAY);
      current = await renewed(current.refresh_token);
    }
    server.clock.advance(10 * DAY - HOUR / 2);
    current = await renewed(current.refresh_token);
    expect(current.expires_in).toBe(1800);
    server.clock.advance(HOUR / 2);
    expect((await renew(current.refresh_token)).status).toBe(401);
    expect(await status(current.access_token)).toBe(401);
  });
});

describe('a refresh token that comes again', () => {
  it('ends the log-in, access tokens and all, and is recorded', async () => {
    const first = await stay();
    const second = await renewed(first.refresh_token);
    const other = await stay();

    const answer = await renew(first.refresh_token);

    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: 'invalid_grant' });
    expect(await Promise.all([first, second, other].map((each) => status(each.access_token)))).toEqual([
      401, 401, 200,
    ]);
    expect((await renew(second.refresh_token)).status).toBe(401);
    expect((await renew(other.refresh_token)).status).toBe(200);
    const entries = await server.database.read
      .selectFrom('audit_entry')
      .select('message')
      .where('code', '=', 16)
      .execute();
    expect(entries.filter(({ message }) => message.includes('used before'))).toHaveLength(1);
  });

  it('does so too when both come at once: one is served, and neither is left', async () => {
    const { refresh_token, access_token } = await stay();

    const answers = await Promise.all([renew(refresh_token), renew(refresh_token)]);

    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([200, 401]);
    const served = answers.filter(({ ok }) => ok).map((answer) => answer.json() as Promise<Granted>);
    const [{ access_token: won, refresh_token: next } = { access_token: '', refresh_token: '' }] =
      await Promise.all(served);
    expect(await Promise.all([won, access_token].map(status))).toEqual([401, 401]);
    expect((await renew(next)).status).toBe(401);
  });
});

describe('a refresh token that was never one', () => {
  it.each(['', 'entr_', `entr_${'x'.repeat(43)}`, 'not one', `ent_${'x'.repeat(43)}`])(
    'such as %p is refused',
    async (token) => {
      const answer = await renew(token);
      expect(answer.status).toBe(token === '' ? 400 : 401);
      expect(await answer.json()).toMatchObject({
        error: token === '' ? 'invalid_request' : 'invalid_grant',
      });
    },
  );

  it('is one of an account that was disabled, or has another password, since', async () => {
    await server.account('ann');
    const [before, after] = [await anns(), await anns()];
    await server.send('POST', '/v1/users/ann:disable');
    expect((await renew(before.refresh_token)).status).toBe(401);
    await server.send('POST', '/v1/users/ann:enable');
    expect((await renew(after.refresh_token)).status).toBe(401);

    const late = await anns();
    const set = await server.send('POST', '/v1/users/ann:setPassword', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ password: 'the next password' }),
    });
    expect(set.status).toBe(200);
    expect((await renew(late.refresh_token)).status).toBe(401);
  });
});

describe('/revoke', () => {
  it.each(['access_token', 'refresh_token'] as const)('ends a log-in by its %s', async (kind) => {
    const first = await stay();
    const second = await renewed(first.refresh_token);
    const registry = (await (
      await server.send('GET', '/v2/token', { as: `Bearer ${second.access_token}` })
    ).json()) as { readonly token: string };
    const all = [first.access_token, second.access_token, registry.token];
    expect(await Promise.all(all.map(status))).toEqual([200, 200, 200]);

    const answer = await post('/revoke', { token: second[kind], token_type_hint: kind });

    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await Promise.all(all.map(status))).toEqual([401, 401, 401]);
    expect((await renew(second.refresh_token)).status).toBe(401);
  });

  it('says the same of what it does not know, and of what is over', async () => {
    const { access_token } = await stay();
    for (const token of [access_token, access_token, 'unknown', `ent_${'x'.repeat(43)}`])
      expect((await post('/revoke', { token })).status).toBe(200);
  });

  it('ends a token that belongs to no log-in alone', async () => {
    const { access_token } = await stay();
    const made = (await (
      await server.send('POST', '/v1/users/me/tokens', {
        as: `Bearer ${access_token}`,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ displayName: 'ci' }),
      })
    ).json()) as { readonly token: string };
    await post('/revoke', { token: made.token });
    expect(await Promise.all([made.token, access_token].map(status))).toEqual([401, 200]);
  });

  it('is recorded as done by whose token it was', async () => {
    const { access_token } = await stay();
    await post('/revoke', { token: access_token });
    const entry = await server.database.read
      .selectFrom('audit_entry')
      .selectAll()
      .where('method', '=', 'google.admin.AdminService.revokeToken')
      .orderBy('seq', 'desc')
      .executeTakeFirstOrThrow();
    expect(entry).toMatchObject({ subject: 'user:admin', code: 0 });
    expect(JSON.stringify(entry)).not.toContain(access_token);
  });

  it.each([
    [{}, 'invalid_request'],
    [{ token: 'aaaa.bbbb.cccc' }, 'unsupported_token_type'],
  ])('refuses %p', async (fields, error) => {
    const answer = await post('/revoke', fields);
    expect([answer.status, await answer.json()]).toMatchObject([400, { error }]);
  });

  it('takes no GET', async () => {
    const answer = await server.send('GET', '/revoke');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('many wrong log-ins', () => {
  it('slow down nobody who goes on with one', async () => {
    const { refresh_token } = await stay();
    for (let guess = 0; guess < 12; guess += 1)
      await post('/token', { grant_type: 'password', username: 'admin', password: `guess ${guess}` });
    expect((await renew(refresh_token)).status).toBe(200);
  });
});
