import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { Browser } from '../../testing/browser.ts';
import { ADMIN_PASSWORD, HOST, TestServer } from '../../testing/harness.ts';

const ORIGIN = `http://${HOST}`;
const HOUR = 3_600_000;
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const browser = (): Browser => new Browser((request) => server.answer(request));

async function loggedIn(username = 'admin', password = ADMIN_PASSWORD): Promise<Browser> {
  const person = browser();
  await person.open(`${ORIGIN}/login`);
  await person.submit({ username, password });
  return person;
}
const projectsBy = (cookie: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') =>
  server.send(method, '/v1/projects', { as: null, headers: { cookie, ...headers } });
const session = (person: Browser): string => `entrepot=${person.cookie('entrepot') ?? ''}`;

describe('a log-in with a password', () => {
  it('begins a session that the management API knows', async () => {
    const person = await loggedIn();

    expect(person.shown.status).toBe(200);
    expect(person.shown.text).toContain('<strong>admin</strong>');
    expect((await projectsBy(session(person))).status).toBe(200);
  });

  it('goes where the person was going, but never elsewhere', async () => {
    const person = browser();
    await person.open(`${ORIGIN}/login?to=%2Fdevice%3Fuser_code%3DBCDF-GHJK`);
    await person.submit({ username: 'admin', password: ADMIN_PASSWORD });
    expect(person.shown.url.href).toBe(`${ORIGIN}/device?user_code=BCDF-GHJK`);

    const other = browser();
    await other.open(`${ORIGIN}/login`);
    await other.submit({ username: 'admin', password: ADMIN_PASSWORD, to: '//evil.test/' });
    expect(other.shown.url.href).toBe(`${ORIGIN}/login`);
  });

  it('fails in the same words for a wrong name and a wrong password, and shows what was typed as text', async () => {
    await server.account('ann');
    const wrong = await loggedIn('ann', 'no');
    const nobody = await loggedIn('"><script>', 'no');

    for (const { shown } of [wrong, nobody]) {
      expect(shown.status).toBe(401);
      expect(shown.text).toContain('The user name or the password is wrong.');
      expect(shown.text).not.toContain('<script');
    }
    expect(wrong.cookie('entrepot')).toBeUndefined();
    await wrong.submit({ password: "ann's password" });
    expect(wrong.shown.text).toContain('<strong>ann</strong>');
  });

  it('is slowed down after too many failures', async () => {
    const guesser = new Browser((request) => server.answer(request, '198.51.100.9'));
    await guesser.open(`${ORIGIN}/login`);
    for (let guess = 0; guess < 10; guess += 1)
      await guesser.submit({ username: 'admin', password: 'guess' });

    await guesser.submit({ username: 'admin', password: ADMIN_PASSWORD });

    expect(guesser.shown.status).toBe(429);
    expect(Number(guesser.shown.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('a log-in form', () => {
  const fields = { username: 'admin', password: ADMIN_PASSWORD };

  it('from a page of another site is refused', async () => {
    const person = browser();
    await person.open(`${ORIGIN}/login`);

    await person.post(`${ORIGIN}/login`, fields, 'https://evil.test');

    expect(person.shown.status).toBe(403);
    expect(person.cookie('entrepot')).toBeUndefined();
  });

  it.each([
    ['without a word on where it comes from', {}],
    ['of an opaque origin', { origin: 'null' }],
    ['of another origin', { origin: 'https://evil.test' }],
    ['of another scheme and host', { origin: `https://${HOST}.evil.test` }],
    ['of the same site only', { 'sec-fetch-site': 'same-site', origin: ORIGIN }],
  ] as const)('%s is refused', async (_, headers) => {
    const body = new URLSearchParams(fields);

    const answer = await server.send('POST', '/login', { as: null, headers, body });

    expect(answer.status).toBe(403);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('without its token, with one of another browser, or with one that was used is refused', async () => {
    const [mine, theirs] = [browser(), browser()];
    await mine.open(`${ORIGIN}/login`);
    await theirs.open(`${ORIGIN}/login`);
    const [, token = ''] = /name="token" value="([^"]+)"/.exec(mine.shown.text) ?? [];

    const send = async (from: Browser, extra: Readonly<Record<string, string>>) =>
      (await from.post(`${ORIGIN}/login`, { ...fields, password: 'wrong', ...extra }, ORIGIN)).status;

    expect(await send(mine, {})).toBe(400);
    expect(await send(mine, { token: `${token}x` })).toBe(400);
    expect(await send(theirs, { token })).toBe(400);
    expect(await send(mine, { token })).toBe(401);
    expect(await send(mine, { token })).toBe(400);
  });

  it('expires', async () => {
    await using later = await TestServer.start();
    const person = new Browser((request) => later.answer(request));
    await person.open(`${ORIGIN}/login`);
    later.clock.advance(HOUR);

    await person.submit(fields);

    expect([person.shown.status, person.shown.text]).toEqual([400, expect.stringContaining('has expired')]);
  });
});

describe('a session', () => {
  it('is new at each log-in, and ends the one that the browser had', async () => {
    const person = await loggedIn();
    const first = session(person);
    const form = browser();
    await form.open(`${ORIGIN}/login`);
    form.setCookie('localhost', 'entrepot', person.cookie('entrepot') ?? '');

    await form.submit({ username: 'admin', password: ADMIN_PASSWORD });

    expect(session(form)).not.toBe(first);
    expect((await projectsBy(session(form))).status).toBe(200);
    expect((await projectsBy(first)).status).toBe(401);
  });

  it('is not what somebody else put into the browser', async () => {
    const person = browser();
    person.setCookie('localhost', 'entrepot', 'ent_chosen-by-somebody-else');
    await person.open(`${ORIGIN}/login`);

    await person.submit({ username: 'admin', password: ADMIN_PASSWORD });

    expect(person.cookie('entrepot')).not.toBe('ent_chosen-by-somebody-else');
    expect((await projectsBy('entrepot=ent_chosen-by-somebody-else')).status).toBe(401);
  });

  it('ends at log-out, which another site cannot cause', async () => {
    const person = await loggedIn();
    const kept = session(person);
    const shown = person.shown;

    await person.post(`${ORIGIN}/logout`, {}, 'https://evil.test');
    expect((await projectsBy(kept)).status).toBe(200);
    await person.post(`${ORIGIN}/logout`, {}, ORIGIN);
    expect(person.shown.status).toBe(400);
    expect((await projectsBy(kept)).status).toBe(200);
    await person.open(shown.url);
    await person.submit();

    expect(person.shown.text).toContain('<h1>Log in</h1>');
    expect(person.cookie('entrepot')).toBeUndefined();
    expect((await projectsBy(kept)).status).toBe(401);
  });

  it.each([
    ['when it is not used for twelve hours', 12 * HOUR, 1],
    ['after seven days of use', 6 * HOUR, 28],
  ])('ends %s', async (_, step, steps) => {
    await using own = await TestServer.start();
    const person = new Browser((request) => own.answer(request));
    await person.open(`${ORIGIN}/login`);
    await person.submit({ username: 'admin', password: ADMIN_PASSWORD });
    const ask = () => own.send('GET', '/v1/projects', { as: null, headers: { cookie: session(person) } });

    for (let at = 1; at < steps; at += 1) {
      own.clock.advance(step);
      expect((await ask()).status).toBe(200);
    }
    own.clock.advance(step);

    expect((await ask()).status).toBe(401);
  });

  it('ends with the password and with the account', async () => {
    for (const change of [{ disabled: 1 }, undefined]) {
      const name = change ? 'bob' : 'cas';
      await server.account(name, ['/']);
      const person = await loggedIn(name, `${name}'s password`);
      expect((await projectsBy(session(person))).status).toBe(200);

      if (change)
        await server.database.transaction((tx) =>
          tx.updateTable('account').set(change).where('id', '=', name).execute(),
        );
      else
        await server.send('POST', `/v1/users/${name}:setPassword`, {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ password: 'another password' }),
        });

      expect((await projectsBy(session(person))).status).toBe(401);
    }
  });

  it('has a cookie that scripts and plain connections do not get', async () => {
    await using secure = await TestServer.start(['--public-url', 'https://registry.test']);
    const headers = { 'sec-fetch-site': 'same-origin' };
    const form = await secure.send('GET', '/login', { as: null, headers });
    const [, token = ''] = /name="token" value="([^"]+)"/.exec(await form.text()) ?? [];
    const cookie = form.headers.getSetCookie()[0]?.split(';')[0] ?? '';

    const answer = await secure.send('POST', '/login', {
      as: null,
      headers: { ...headers, cookie },
      body: new URLSearchParams({ username: 'admin', password: ADMIN_PASSWORD, token }),
    });

    const lines = [...form.headers.getSetCookie(), ...answer.headers.getSetCookie()];
    expect(lines.map((line) => line.replace(/=[\w-]+;/, '=…;'))).toEqual([
      '__Host-entrepot-browser=…; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure',
      '__Host-entrepot=…; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure',
    ]);
    expect(form.headers.get('strict-transport-security')).toContain('max-age=');
  });

  it('is recorded, from its beginning to its end', async () => {
    await using own = await TestServer.start();
    const person = new Browser((request) => own.answer(request));
    await person.open(`${ORIGIN}/login`);
    await person.submit({ username: 'admin', password: 'wrong' });
    await person.submit({ username: 'admin', password: ADMIN_PASSWORD });
    await person.submit();
    await own.app[Symbol.asyncDispose]();

    const entries = await own.database.read
      .selectFrom('audit_entry')
      .select(['method', 'email', 'code'])
      .where('method', 'like', '%Login%')
      .orderBy('seq')
      .execute();

    expect(entries).toContainEqual({
      method: 'google.login.LoginService.loginSuccess',
      email: 'admin',
      code: 0,
    });
    expect(entries).toContainEqual({ method: 'google.login.LoginService.logout', email: 'admin', code: 0 });
  });
});

const create = (cookie: string, headers: Readonly<Record<string, string>>) =>
  server.send('POST', '/v1/projects', {
    as: null,
    headers: { cookie, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ projectId: `made-${crypto.randomUUID().slice(0, 8)}` }),
  });

describe('a session’s cookie', () => {
  const change = { 'x-entrepot-request': '1', 'sec-fetch-site': 'same-origin' };
  it.each<[string, Readonly<Record<string, string>>, number]>([
    ['with the proof of a page of ours', change, 200],
    ['with the proof of an older browser', { 'x-entrepot-request': '1', origin: ORIGIN }, 200],
    ['without proof', {}, 403],
    ['without the header', { 'sec-fetch-site': 'same-origin' }, 403],
    ['with the header alone', { 'x-entrepot-request': '1' }, 403],
    ['of another site', { ...change, 'sec-fetch-site': 'cross-site' }, 403],
    ['of a neighbour', { ...change, 'sec-fetch-site': 'same-site', origin: ORIGIN }, 403],
    ['of another origin', { 'x-entrepot-request': '1', origin: 'https://evil.test' }, 403],
    ['of no origin', { 'x-entrepot-request': '1', origin: 'null' }, 403],
  ])('changes things only %s', async (_, headers, status) => {
    const person = await loggedIn();

    expect((await create(session(person), headers)).status).toBe(status);
  });

  it('means nothing where artifacts are, nor beside another credential', async () => {
    const person = await loggedIn();
    const cookie = session(person);
    const ask = (path: string, as: string | null) => server.send('GET', path, { as, headers: { cookie } });

    expect((await ask('/v2/', null)).status).toBe(401);
    expect((await ask('/v2/us-central1-docker/my-project/images/a/tags/list', null)).status).toBe(401);
    expect((await ask('/v1/projects', 'Bearer wrong')).status).toBe(401);
  });

  it('counts for nothing when there are two', async () => {
    const person = await loggedIn();

    const answer = await projectsBy(`${session(person)}; entrepot=ent_other`);

    expect(answer.status).toBe((await server.send('GET', '/v1/projects', { as: null })).status);
  });

  it('opens the log-in pages only when it is a session, and not another token', async () => {
    const token = await server.accessToken('admin', ADMIN_PASSWORD);
    const person = browser();
    person.setCookie('localhost', 'entrepot', token);

    await person.open(`${ORIGIN}/login`);

    expect(person.shown.text).toContain('<h1>Log in</h1>');
  });
});

describe('every page', () => {
  it.each([
    ['GET', '/login', 200],
    ['GET', '/login?to=//evil.test', 200],
    ['GET', '/device', 303],
    ['GET', '/authorize', 400],
    ['GET', '/login/oidc', 400],
    ['GET', '/login/callback?state=a&code=b', 400],
    ['POST', '/login', 403],
    ['POST', '/logout', 403],
    ['POST', '/device', 403],
    ['POST', '/authorize', 403],
    ['PUT', '/login', 405],
    ['GET', '/logout', 405],
    ['POST', '/login/oidc', 405],
    ['HEAD', '/login', 200],
  ])('%s %s answers %d and lets no script run', async (method, path, status) => {
    const answer = await server.send(method, path, { as: null });

    expect(answer.status).toBe(status);
    if (status === 303) return;
    expect(answer.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'text/html; charset=utf-8',
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    expect(await answer.text()).not.toContain('<script');
  });

  it('has its style at an address of its own', async () => {
    const markup = await (await server.send('GET', '/login', { as: null })).text();
    const [, path = ''] = /href="(\/login\/[^"]+\.css)"/.exec(markup) ?? [];

    const style = await server.send('GET', path, { as: null });

    expect(style.headers.get('content-type')).toBe('text/css; charset=utf-8');
    expect(await style.text()).toContain('prefers-color-scheme: dark');
  });
});
