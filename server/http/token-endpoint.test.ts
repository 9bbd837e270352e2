import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ADMIN_PASSWORD, basic, TestServer } from '../testing/harness.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const post = (fields: Record<string, string>, peer?: string) =>
  server.send('POST', '/token', { as: null, body: new URLSearchParams(fields), ...(peer && { peer }) });
const login = (username: string, password: string, peer?: string) =>
  post({ grant_type: 'password', username, password }, peer);

interface Granted {
  readonly access_token: string;
  readonly expires_in: number;
  readonly token_type: string;
}

describe('/token', () => {
  test('gives an access token for a password', async () => {
    const answer = await login('admin', ADMIN_PASSWORD);

    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const { access_token, ...rest } = (await answer.json()) as Granted;
    expect(rest).toEqual({ expires_in: 12 * 3600, token_type: 'Bearer' });
    expect((await server.send('GET', '/v2/', { as: `Bearer ${access_token}` })).status).toBe(200);
  });

  test('makes no longer life out of a token', async () => {
    const { access_token } = (await (await login('admin', ADMIN_PASSWORD)).json()) as Granted;
    const { token } = (await (await server.send('GET', '/v2/token')).json()) as { token: string };
    const nobodys = (await (await server.send('GET', '/v2/token', { as: null })).json()) as { token: string };

    for (const secret of [access_token, token, nobodys.token])
      for (const user of ['_token', 'oauth2accesstoken', 'admin'])
        expect((await login(user, secret)).status).toBe(401);
    expect(server.logged).toEqual([]);
  });

  test.each([
    [{ grant_type: 'password', username: 'admin', password: 'wrong' }, 401, 'invalid_grant'],
    [{ grant_type: 'password', username: 'nobody', password: 'wrong' }, 401, 'invalid_grant'],
    [{ grant_type: 'password' }, 400, 'invalid_request'],
    [{ grant_type: 'client_credentials' }, 400, 'unsupported_grant_type'],
    [{}, 400, 'unsupported_grant_type'],
    [{ grant_type: 'password', username: 'x'.repeat(70_000) }, 413, 'invalid_request'],
  ])('refuses %#, in the words of RFC 6749', async (fields, status, error) => {
    const answer = await post(fields);

    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/json']);
    expect(await answer.json()).toEqual({
      error,
      error_description: expect.stringMatching(/^\S+( \S+){2,}$/),
    });
  });

  test.each(['GET', 'PUT', 'DELETE'])('takes no %s', async (method) => {
    const answer = await server.send(method, '/token');

    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('turns away who guesses, and lets the others in', async () => {
    for (let guess = 0; guess < 10; guess += 1) await login('admin', `guess ${guess}`, '10.0.0.1');

    const guesser = await login('admin', ADMIN_PASSWORD, '10.0.0.1');
    const other = await login('admin', ADMIN_PASSWORD, '10.0.0.2');
    const basicToo = await server.send('GET', '/v2/', { as: basic('admin', 'guess'), peer: '10.0.0.1' });

    expect([guesser.status, guesser.headers.get('retry-after')]).toEqual([429, '60']);
    expect(other.status).toBe(200);
    expect(basicToo.status).toBe(429);
    expect(await basicToo.json()).toMatchObject({ errors: [{ code: 'TOOMANYREQUESTS' }] });
  });
});

describe('a revocation', () => {
  test('bites on every surface within five seconds', async () => {
    const as = await server.account('ann', ['/']);
    const { token } = (await (await server.send('GET', '/v2/token', { as })).json()) as { token: string };
    const statuses = async () =>
      Promise.all(
        [as, `Bearer ${token}`].flatMap((shown) => [
          server.send('GET', '/v2/', { as: shown }).then(({ status }) => status),
          server.send('GET', '/v2/_catalog', { as: shown }).then(({ status }) => status),
          server.send('GET', '/v2/token', { as: shown }).then(({ status }) => status),
        ]),
      );
    expect(await statuses()).toEqual([200, 200, 200, 200, 200, 200]);

    await server.accounts.put({ id: 'ann', kind: 'user', disabled: true });
    server.clock.advance(5_000);

    expect(await statuses()).toEqual([401, 401, 401, 401, 401, 401]);
  });

  test('of a role does, too', async () => {
    const as = await server.account('bob', ['projects/my-project']);
    const path = '/v2/us-central1-docker/my-project/images/x/tags/list';
    expect((await server.send('GET', path, { as })).status).toBe(404);

    await server.database.transaction((tx) =>
      tx.deleteFrom('iam_policy').where('resource', '=', 'projects/my-project').execute(),
    );
    server.clock.advance(5_000);

    expect((await server.send('GET', path, { as })).status).toBe(403);
  });
});

describe('the probes', () => {
  test.each(['/healthz', '/readyz', '/metrics'])('%s answers anybody, by GET and HEAD', async (path) => {
    for (const method of ['GET', 'HEAD'])
      expect((await server.send(method, path, { as: null })).status).toBe(200);
    const answer = await server.send('POST', path, { as: null });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('say when the server is stopping, and that it lives on meanwhile', async () => {
    await using stopping = await TestServer.start();
    stopping.app.drain();

    const ready = await stopping.send('GET', '/readyz');

    expect([ready.status, ready.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await stopping.send('GET', '/healthz')).status).toBe(200);
  });

  test('tell nothing of tenants', async () => {
    await server.send('GET', '/v2/us-central1-docker/very-secret-project/r/i/manifests/v1');

    const text = await (await server.send('GET', '/metrics', { as: null })).text();

    expect(text).not.toContain('secret');
  });
});
