import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'bun:test';
import type { Io } from '../io.ts';
import { Person } from '../testing/scripted-io.ts';
import { browserOpener } from './open-browser.ts';

const SERVER = 'http://localhost:8080';
const METADATA = {
  issuer: SERVER,
  authorization_endpoint: `${SERVER}/authorize`,
  entrepot_login_methods: ['password', 'oidc'],
};
const TOKEN = { access_token: 'the-token', refresh_token: 'the-next', expires_in: 3600, account: 'ann' };
const DEVICE = {
  device_code: 'device',
  user_code: 'BCDF-GHJK',
  verification_uri: `${SERVER}/device`,
  expires_in: 600,
  interval: 5,
};
type Body = Readonly<Record<string, unknown>>;

/** A server that answers the token endpoint in turn, and what it was asked there. */
function serverOf(tokens: readonly Body[], metadata: Body | undefined = METADATA) {
  const left = [...tokens];
  const asked: Record<string, string>[] = [];
  const fetch: Io['fetch'] = async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/.well-known/oauth-authorization-server')
      return metadata ? Response.json(metadata) : new Response('', { status: 404 });
    if (pathname === '/device_authorization') return Response.json(DEVICE);
    asked.push(Object.fromEntries(new URLSearchParams(await request.text())));
    const answer = left.shift() ?? { error: 'invalid_request' };
    return Response.json(answer, { status: 'error' in answer ? 400 : 200 });
  };
  return { fetch, asked };
}

describe('a log-in where there is no browser', () => {
  it('shows an address and a code, and waits as it is told to', async () => {
    const pending = { error: 'authorization_pending' };
    const { fetch, asked } = serverOf([pending, { error: 'slow_down' }, pending, TOKEN]);
    const slept: number[] = [];
    await using person = await Person.arrive({ fetch, sleep: async (ms) => void slept.push(ms) });

    const ran = await person.run('auth login');

    expect(ran.exit).toBe(0);
    expect(ran.stderr).toContain('enter the code BCDF-GHJK within 10 minutes');
    expect(ran.stderr).toContain(`    ${SERVER}/device\n`);
    expect(ran.stderr).toContain(`Logged in to ${SERVER} as ann.`);
    expect(slept).toEqual([5000, 5000, 10_000, 10_000]);
    expect(asked[0]).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: 'entrepot-cli',
      device_code: 'device',
    });
    expect((await person.run('auth print-access-token')).stdout).toBe('the-token\n');
  });

  it.each([
    ['access_denied', 'was refused in the browser'],
    ['expired_token', 'was not entered in time'],
    ['invalid_grant', 'does not accept the log-in (invalid_grant)'],
  ])('ends with %s', async (error, words) => {
    await using person = await Person.arrive(serverOf([{ error }]));

    const ran = await person.run('auth login');

    expect([ran.exit, ran.stderr]).toEqual([4, expect.stringContaining(words)]);
  });

  it('gives up when the code has expired', async () => {
    const { fetch } = serverOf(Array.from({ length: 200 }, () => ({ error: 'authorization_pending' })));
    let now = 0;
    await using person = await Person.arrive({
      fetch,
      now: () => now,
      sleep: async (ms) => {
        now += ms;
      },
    });

    const ran = await person.run('auth login');

    expect([ran.exit, ran.stderr, now]).toEqual([4, expect.stringContaining('not entered in time'), 600_000]);
  });

  it('is possible wherever the person asks for it, and never beside a user name', async () => {
    const local = { ...METADATA, entrepot_login_methods: ['password'] };
    await using person = await Person.arrive(serverOf([TOKEN], local));

    expect((await person.run('auth login --no-launch-browser')).exit).toBe(0);
    expect(await person.run('auth login --no-launch-browser --username=ann')).toMatchObject({ exit: 2 });
  });
});

/** A person at a screen whose browser notes the address it is to open. */
async function atScreen(fetch: Io['fetch']) {
  const person = await Person.arrive({ fetch });
  const opener = join(person.home, 'xdg-open');
  const opened = join(person.home, 'opened');
  await Bun.write(
    opener,
    `#!/bin/sh\nprintf %s "$1" > "${opened}.part" && mv "${opened}.part" "${opened}"\n`,
  );
  await chmod(opener, 0o755);
  const PATH = `${person.home}:${process.env['PATH'] ?? ''}`;
  const running = person.run('auth login', { env: { PATH, DISPLAY: ':0' } });
  const address = async (): Promise<URL> => {
    for (;;) {
      const text = await readFile(opened, 'utf8').catch(() => undefined);
      if (text !== undefined) return new URL(text);
      await Bun.sleep(10);
    }
  };
  return {
    person,
    running,
    url: await Promise.race([address(), running.then(({ stderr }) => Promise.reject(new Error(stderr)))]),
  };
}

const bring = (redirect: string | null, answer: Readonly<Record<string, string>>) =>
  fetch(`${redirect ?? ''}?${new URLSearchParams(answer).toString()}`);

describe('a log-in with the browser', () => {
  it('opens the server’s page, and takes its answer on this machine', async () => {
    const { fetch: answering, asked } = serverOf([TOKEN]);
    const { person, running, url } = await atScreen(answering);
    await using _ = person;
    const query = Object.fromEntries(url.searchParams);
    expect(`${url.origin}${url.pathname}`).toBe(`${SERVER}/authorize`);
    expect(query).toMatchObject({
      response_type: 'code',
      client_id: 'entrepot-cli',
      code_challenge_method: 'S256',
    });
    const redirect = query['redirect_uri'] ?? '';
    expect(redirect).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);

    const state = query['state'] ?? '';
    const stranger = await bring(redirect, { code: 'theirs', state: 'x', iss: SERVER });
    const elsewhere = await fetch(redirect.replace('/callback', '/'));
    const answer = await bring(redirect, { code: 'ours', state, iss: SERVER });
    const ran = await running;

    expect([stranger.status, elsewhere.status, answer.status]).toEqual([400, 400, 200]);
    expect(await answer.text()).toContain('You can close this page.');
    expect(ran).toMatchObject({ exit: 0, stderr: expect.stringContaining('Logged in to') });
    expect(asked).toHaveLength(1);
    const { code_verifier: verifier = '', ...rest } = asked[0] ?? {};
    expect(createHash('sha256').update(verifier).digest('base64url')).toBe(query['code_challenge'] ?? '');
    expect(rest).toEqual({
      grant_type: 'authorization_code',
      client_id: 'entrepot-cli',
      redirect_uri: redirect,
      code: 'ours',
    });
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['is refused there', { error: 'access_denied', iss: SERVER }, 'was refused in the browser'],
    [
      'comes back from another server',
      { code: 'c', iss: 'https://evil.test' },
      'came back from https://evil.test',
    ],
    ['comes back from nowhere', { code: 'c' }, 'came back from nowhere'],
  ])('that %s is none', async (_, answer, words) => {
    const { fetch: answering, asked } = serverOf([TOKEN]);
    const { person, running, url } = await atScreen(answering);
    await using home = person;
    await bring(url.searchParams.get('redirect_uri'), {
      ...answer,
      state: url.searchParams.get('state') ?? '',
    });

    const ran = await running;

    expect([ran.exit, ran.stderr, asked.length]).toEqual([4, expect.stringContaining(words), 0]);
    expect((await home.run('auth print-access-token')).exit).toBe(4);
  });
});

const linux = (env: Readonly<Record<string, string>>) => browserOpener({ env }, 'linux');

describe('the browser of this machine', () => {
  it('is none where there is no screen, or nothing to open it with', () => {
    expect(linux({ PATH: '/usr/bin' })).toBeUndefined();
    expect(linux({ PATH: '/nowhere', DISPLAY: ':0' })).toBeUndefined();
    expect(browserOpener({ env: { PATH: '/bin', SSH_CONNECTION: 'a' } }, 'darwin')).toBeUndefined();
  });
});

describe('a login that can be gone on with', () => {
  it('is renewed once, however many ask for it at the same time', async () => {
    const renewed = { ...TOKEN, access_token: 'renewed', refresh_token: 'another' };
    const { fetch, asked } = serverOf([TOKEN, renewed]);
    await using person = await Person.arrive({ fetch, now: () => 0 });
    await person.run('auth login --username=ann --password-stdin', { input: 'secret' });

    const late = { now: () => 3_600_000 };
    const lines = await Promise.all(
      Array.from({ length: 5 }, () => person.run('auth print-access-token', late)),
    );

    expect(lines.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 5 }, () => 'renewed\n'));
    expect(asked.map((form) => form['refresh_token'])).toEqual([undefined, 'the-next']);
  });

  it('that the server does not go on with has expired', async () => {
    const { fetch } = serverOf([TOKEN, { error: 'invalid_grant' }]);
    await using person = await Person.arrive({ fetch, now: () => 0 });
    await person.run('auth login --username=ann --password-stdin', { input: 'secret' });

    const ran = await person.run('auth print-access-token', { now: () => 3_600_000 });

    expect([ran.exit, ran.stderr]).toEqual([
      4,
      expect.stringContaining('has expired; run "entrepot auth login"'),
    ]);
  });
});
