import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Browser } from '../server/testing/browser.ts';
import { IdentityProvider } from '../server/testing/identity-provider.ts';
import { freePort } from './harness/free-port.ts';
import { attempt, type Finished } from './harness/run.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';
import { until } from './harness/until.ts';

const LIMIT_MS = 120_000;
const PROGRAM = join(import.meta.dir, '..', 'entrepot');
const REPOSITORY = 'projects/my-project/locations/us-central1/repositories/images';
const CODE = /enter the code ([A-Z]{4}-[A-Z]{4}) within/;

let space: Scratch;
let provider: IdentityProvider;
let server: Server;

beforeAll(async () => {
  space = await scratch('oidc');
  const port = freePort();
  provider = await IdentityProvider.start(`http://127.0.0.1:${port}/login/callback`);
  const secret = join(space.path, 'client-secret');
  await Bun.write(secret, provider.clientSecret);
  await chmod(secret, 0o600);
  // Each step of a log-in may come to another process.
  server = await startServer({
    workers: 2,
    flags: [...provider.flags, '--oidc-client-secret-file', secret, '--listen', `127.0.0.1:${port}`],
  });
  await server.createDockerRepository('images');
  await admin('identity groups create devs');
  await admin(
    'artifacts repositories add-iam-policy-binding images --member=group:devs --role=roles/artifactregistry.reader',
  );
}, LIMIT_MS);
afterAll(async () => {
  await server.stop();
  await provider[Symbol.asyncDispose]();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

const WHERE = { ENTREPOT_PROJECT: 'my-project', CLOUDSDK_ARTIFACTS_LOCATION: 'us-central1' };

/** The real program, for somebody with a home of their own. */
const cli = (home: string, line: string, env: Readonly<Record<string, string>> = {}): Promise<Finished> =>
  attempt([PROGRAM, ...line.split(' '), '--server', server.url], { env: { HOME: home, ...WHERE, ...env } });

async function admin(line: string): Promise<void> {
  const place = line.startsWith('artifacts') ? ' --project=my-project --location=us-central1' : '';
  const token = { ENTREPOT_ACCESS_TOKEN: await server.accessToken() };
  const { code, stderr } = await cli(space.path, `${line}${place} --quiet`, token);
  if (code !== 0) throw new Error(stderr);
}

/** Somebody whom the provider knows, at their browser and with a home of their own. */
async function person(name: string, claims: Readonly<Record<string, unknown>> = {}) {
  const sub = `${name}-${crypto.randomUUID().slice(0, 8)}`;
  const email = `${sub}@example.com`;
  provider.people.set(sub, { email, email_verified: true, name, ...claims });
  const browser = new Browser((request) => fetch(request));
  const home = await scratch('home');
  return {
    sub,
    email,
    browser,
    home: home.path,
    /** The provider asks once, and then knows its own. */
    logIn: async () => {
      await browser.follow('Log in with Example');
      if (browser.shown.url.origin === provider.issuer) await browser.submit({ sub });
    },
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}
type Person = Awaited<ReturnType<typeof person>>;

/** Logs the command line in with a code that the person enters in the browser. */
async function byCode(
  one: Person,
  decision = 'allow',
): Promise<{ readonly exit: number; readonly said: string }> {
  const child = Bun.spawn([PROGRAM, 'auth', 'login', '--server', server.url], {
    env: { PATH: process.env['PATH'], HOME: one.home },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    timeout: LIMIT_MS,
  });
  let said = '';
  const reading = (async () => {
    for await (const piece of child.stderr.pipeThrough(new TextDecoderStream())) said += piece;
  })();
  await until('the code is shown', () => CODE.test(said));
  await one.browser.open(`${server.url}/device?user_code=${CODE.exec(said)?.[1] ?? ''}`);
  if (one.browser.shown.url.pathname === '/login') await one.logIn();
  expect(one.browser.shown.text).toContain('Connect a program');
  await one.browser.submit();
  expect(one.browser.shown.text).toContain('entrepot-cli');
  await one.browser.submit({ decision });
  const exit = await child.exited;
  await reading;
  return { exit, said };
}

describe('a log-in with an identity provider', () => {
  it(
    'goes from page to page, and back to where it began',
    async () => {
      await using one = await person('ann');
      await one.browser.open(`${server.url}/device`);
      await one.logIn();

      expect(one.browser.shown.url.href).toBe(`${server.url}/device`);
      expect(one.browser.shown.text).toContain(one.email);
      await one.browser.open(`${server.url}/login`);
      await one.browser.submit();
      expect(one.browser.shown.text).toContain('<h1>Log in</h1>');
    },
    LIMIT_MS,
  );

  it(
    'is refused when the browser is another, whichever process answers',
    async () => {
      await using one = await person('bob');
      let callback = '';
      const holding = new Browser(async (request) => {
        if (!request.url.startsWith(`${server.url}/login/callback`)) return fetch(request);
        callback = request.url;
        return new Response('held');
      });
      await holding.open(`${server.url}/login`);
      await holding.follow('Log in with Example');
      await holding.submit({ sub: one.sub });

      for (let time = 0; time < 4; time += 1) {
        await one.browser.open(callback);
        expect(one.browser.shown.status).toBe(400);
        expect(one.browser.cookie('entrepot')).toBeUndefined();
      }
    },
    LIMIT_MS,
  );
});

describe('the command line', () => {
  it(
    'is let in by a code that is entered in a browser',
    async () => {
      await using one = await person('cleo', { groups: ['devs'] });

      const { exit, said } = await byCode(one);

      expect([exit, said]).toEqual([
        0,
        expect.stringContaining(`Logged in to ${server.url} as ${one.email}.`),
      ]);
      expect((await cli(one.home, 'auth list --format=value(account,status)')).stdout).toBe(
        `${one.email}\tACTIVE\n`,
      );
      const read = await cli(
        one.home,
        `artifacts repositories describe images --project=my-project --location=us-central1`,
      );
      expect(read).toMatchObject({ code: 0 });
      expect((await cli(one.home, 'auth logout')).code).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    'is told when the person refuses',
    async () => {
      await using one = await person('dan');

      const { exit, said } = await byCode(one, 'deny');

      expect([exit, said]).toEqual([4, expect.stringContaining('was refused in the browser')]);
    },
    LIMIT_MS,
  );

  it(
    'is let in by the browser of the same machine',
    async () => {
      await using one = await person('eve');
      const opened = join(one.home, 'opened');
      const opener = join(one.home, 'xdg-open');
      await Bun.write(
        opener,
        `#!/bin/sh\nprintf %s "$1" > "${opened}.part" && mv "${opened}.part" "${opened}"\n`,
      );
      await chmod(opener, 0o755);
      const env = { PATH: `${one.home}:${process.env['PATH'] ?? ''}`, DISPLAY: ':0' };
      const running = cli(one.home, 'auth login', env);
      await until('the browser is opened', () => Bun.file(opened).exists());

      await one.browser.open(await readFile(opened, 'utf8'));
      await one.logIn();
      expect(one.browser.shown.text).toContain('Let this program in?');
      await one.browser.submit({ decision: 'allow' });

      expect(one.browser.shown.url.hostname).toBe('127.0.0.1');
      expect(one.browser.shown.text).toContain('You are logged in');
      expect(await running).toMatchObject({
        code: 0,
        stderr: expect.stringContaining(`Logged in to ${server.url} as ${one.email}.`),
      });
      expect((await cli(one.home, 'auth print-access-token')).stdout).toMatch(/^ent_/);
    },
    LIMIT_MS,
  );
});

describe('what changes at the provider or here', () => {
  it(
    'counts at once, for what is logged in already, too',
    async () => {
      await using one = await person('fay', { groups: ['devs'] });
      await byCode(one);
      const { stdout: token } = await cli(one.home, 'auth print-access-token');
      const read = async () => {
        const headers = { authorization: `Bearer ${token.trim()}` };
        return (await fetch(`${server.url}/v1/${REPOSITORY}`, { headers })).status;
      };
      expect(await read()).toBe(200);

      provider.people.set(one.sub, { email: one.email, email_verified: true, groups: [] });
      await one.browser.open(`${server.url}/login`);
      await one.browser.submit();
      await one.logIn();
      for (let time = 0; time < 8; time += 1) expect(await read()).toBe(403);

      await admin(`identity users disable ${one.email}`);
      for (let time = 0; time < 8; time += 1) expect(await read()).toBe(401);
      await one.browser.open(`${server.url}/login`);
      await one.logIn();
      expect(one.browser.shown.text).toContain('is disabled');
    },
    LIMIT_MS,
  );
});
