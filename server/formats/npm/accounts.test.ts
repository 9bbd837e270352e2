import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ApiCaller, type Json } from '../../testing/api.ts';
import { Browser } from '../../testing/browser.ts';
import { ADMIN_PASSWORD, TestServer } from '../../testing/harness.ts';
import { NpmClient } from '../../testing/npm.ts';

let server: TestServer;
/** Nobody is told whether it is there: this one is not. */
let npm: NpmClient;
beforeAll(async () => {
  server = await TestServer.start();
  npm = new NpmClient(server, 'nowhere');
});
afterAll(() => server[Symbol.asyncDispose]());

const USER = '-/user/org.couchdb.user:admin';
const logIn = (password: string, as: string | null = null): Promise<Response> =>
  npm.put(USER, { _id: 'org.couchdb.user:admin', name: 'admin', password, type: 'user' }, { as });
const tokenIn = async (answer: Response): Promise<string> => ((await answer.json()) as Json).token;
const whoami = (token: string): Promise<Response> => npm.send('GET', '-/whoami', { as: `Bearer ${token}` });

describe('a log-in with a password', () => {
  test('gives a token that is listed, lasts thirty days and ends by logging out', async () => {
    const answer = await logIn(ADMIN_PASSWORD);
    const token = await tokenIn(answer);

    expect([answer.status, answer.headers.get('cache-control')]).toEqual([201, 'no-store']);
    expect(await (await whoami(token)).json()).toEqual({ username: 'admin' });
    const { tokens } = await new ApiCaller(server).get('users/me/tokens');
    expect(tokens).toContainEqual(
      expect.objectContaining({
        displayName: 'npm',
        expireTime: new Date(server.clock.now() + 30 * 86_400_000).toISOString(),
      }),
    );
    expect((await npm.send('DELETE', `-/user/token/${token}`, { as: `Bearer ${token}` })).status).toBe(200);
    expect((await whoami(token)).status).toBe(401);
  });

  test('does not mind a token that has ended', async () => {
    expect((await logIn(ADMIN_PASSWORD, 'Bearer ent_ended')).status).toBe(201);
    expect((await npm.send('DELETE', '-/user/token/ent_ended', { as: 'Bearer ent_ended' })).status).toBe(200);
  });

  test.each<readonly [why: string, body: Json, status: number]>([
    ['a wrong password', { name: 'admin', password: 'wrong' }, 401],
    ['a user that is not there', { name: 'admin', password: '' }, 401],
    ['another name than the address', { name: 'other', password: ADMIN_PASSWORD }, 400],
    ['no password', { name: 'admin' }, 400],
    ['no object', '"admin"', 400],
  ])('is refused with %s', async (_, body, status) => {
    const answer = await npm.put(USER, body, { as: null });
    expect([answer.status, await answer.json()]).toEqual([
      status,
      expect.objectContaining({ error: expect.any(String) }),
    ]);
  });

  test('takes no token for a password', async () => {
    const token = await tokenIn(await logIn(ADMIN_PASSWORD));
    const answer = await npm.put(
      '-/user/org.couchdb.user:oauth2accesstoken',
      { name: 'oauth2accesstoken', password: token },
      { as: null },
    );
    expect(answer.status).toBe(401);
  });
});

const begin = async (): Promise<{ loginUrl: URL; done: () => Promise<Response> }> => {
  const answer = await npm.send('POST', '-/v1/login', { as: null, body: '{}' });
  const { loginUrl, doneUrl } = (await answer.json()) as { loginUrl: string; doneUrl: string };
  const { pathname, search } = new URL(doneUrl);
  return {
    loginUrl: new URL(loginUrl),
    done: () => server.send('GET', pathname + search, { as: null }),
  };
};

describe('a log-in in a browser', () => {
  test('waits, and says for how long', async () => {
    const { loginUrl, done } = await begin();

    expect([loginUrl.pathname, loginUrl.searchParams.has('user_code')]).toEqual(['/device', true]);
    const answer = await done();
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([202, '5']);
  });

  test.each([
    ['allow', 200],
    ['deny', 403],
  ])('ends as the person says who is shown what waits: %s', async (decision, status) => {
    const { loginUrl, done } = await begin();
    const person = new Browser((request) => server.answer(request));
    await person.open(loginUrl);
    await person.submit({ username: 'admin', password: ADMIN_PASSWORD });
    await person.submit();
    await person.submit({ decision });

    const answer = await done();
    const { token } = (await answer.json()) as Json;

    expect([answer.status, typeof token]).toEqual([status, decision === 'allow' ? 'string' : 'undefined']);
    if (decision === 'allow') expect(await (await whoami(token)).json()).toEqual({ username: 'admin' });
    expect((await done()).status).toBe(404);
  });

  test('that nobody began, or has expired, is not there', async () => {
    const { done } = await begin();
    server.clock.advance(11 * 60_000);

    expect((await done()).status).toBe(404);
    expect((await npm.send('GET', '-/v1/done?session=none', { as: null })).status).toBe(404);
  });
});

describe('a refusal', () => {
  test.each([
    ['without credentials', null, 'log in first'],
    ['with a token that has ended', 'Bearer ent_ended', 'log in again'],
  ])('%s leaves npm its words', async (_, as, words) => {
    const answer = await npm.send('GET', 'some-package', { as });

    expect([answer.status, answer.headers.has('www-authenticate'), await answer.json()]).toEqual([
      401,
      false,
      expect.objectContaining({ error: expect.stringContaining(words) }),
    ]);
  });
});

describe('a question about accounts', () => {
  test('is answered below any address, and says nothing of a repository', async () => {
    const stranger = await server.account('stranger');
    for (const path of ['-/ping', '-/whoami'])
      expect((await npm.send('GET', path, { as: stranger })).status).toBe(200);
    expect((await npm.send('GET', '-/ping', { as: null })).status).toBe(200);
  });

  test('is not answered to nobody', async () => {
    const answer = await npm.send('GET', '-/whoami', { as: null });
    expect([answer.status, await answer.json()]).toEqual([
      401,
      expect.objectContaining({ error: expect.stringContaining('not authenticated') }),
    ]);
  });

  test.each([
    ['DELETE', '-/whoami'],
    ['POST', '-/ping'],
    ['GET', '-/v1/login'],
  ])('%s %s is not possible', async (method, path) => {
    expect((await npm.send(method, path)).status).toBe(405);
  });
});
