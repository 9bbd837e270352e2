import { afterEach, describe, expect, it } from 'bun:test';
import { join } from 'node:path';
import { Browser } from '../../testing/browser.ts';
import { ADMIN_PASSWORD, HOST, TestServer } from '../../testing/harness.ts';
import { IdentityProvider } from '../../testing/identity-provider.ts';

const ORIGIN = `http://${HOST}`;
const ANN = { email: 'ann@example.com', email_verified: true, name: 'Ann' };
const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each[Symbol.asyncDispose]();
});

interface Stage {
  readonly server: TestServer;
  readonly provider: IdentityProvider;
  readonly browser: () => Browser;
  /** Somebody who logs in with the provider. */
  readonly visitor: (sub: string) => Promise<Browser>;
}

/** A server whose people log in with a provider that knows Ann as u1. */
async function stage(flags: readonly string[] = []): Promise<Stage> {
  const provider = await IdentityProvider.start(`${ORIGIN}/login/callback`);
  open.push(provider);
  provider.people.set('u1', ANN);
  const secret = join('/tmp', `entrepot-secret-${crypto.randomUUID()}`);
  await Bun.write(secret, `${provider.clientSecret}\n`);
  const server = await TestServer.start([...provider.flags, '--oidc-client-secret-file', secret, ...flags]);
  open.push(server);
  await Bun.file(secret).delete();
  const browser = (): Browser =>
    new Browser((request) => (new URL(request.url).host === HOST ? server.answer(request) : fetch(request)));
  const visitor = async (sub: string): Promise<Browser> => {
    const person = browser();
    await person.open(`${ORIGIN}/login`);
    await person.follow('Log in with Example');
    await person.submit({ sub });
    return person;
  };
  return { server, provider, browser, visitor };
}

const accounts = ({ database }: TestServer) =>
  database.read
    .selectFrom('account')
    .select(['id', 'issuer', 'subject', 'display_name', 'password_hash'])
    .where('id', '<>', 'admin')
    .execute();
const groupsOf = ({ database }: TestServer, account: string) =>
  database.read
    .selectFrom('group_member')
    .select(['group_id', 'source'])
    .where('account', '=', account)
    .orderBy('group_id')
    .execute();
const addGroup = ({ database }: TestServer, id: string) =>
  database.transaction((tx) =>
    tx.insertInto('account_group').values({ id, uid: id, created_at: 0, updated_at: 0 }).execute(),
  );

describe('a log-in with the provider', () => {
  it('makes a user without rights, who is the same the next time', async () => {
    const { server, provider, visitor } = await stage();

    const first = await visitor('u1');
    provider.people.set('u1', { ...ANN, email: 'ann.married@example.com' });
    const second = await visitor('u1');

    expect(first.shown.text).toContain('<strong>ann@example.com</strong>');
    expect(second.shown.text).toContain('<strong>ann@example.com</strong>');
    expect(await accounts(server)).toEqual([
      {
        id: 'ann@example.com',
        issuer: provider.issuer,
        subject: 'u1',
        display_name: 'Ann',
        password_hash: null,
      },
    ]);
    const cookie = `entrepot=${first.cookie('entrepot') ?? ''}`;
    const repositories = '/v1/projects/my-project/locations/us-central1/repositories';
    expect((await server.send('GET', repositories, { as: null, headers: { cookie } })).status).toBe(403);
  });

  it('goes where the person was going', async () => {
    const { browser } = await stage();
    const person = browser();
    await person.open(`${ORIGIN}/device?user_code=BCDF-GHJK`);
    await person.follow('Log in with Example');

    await person.submit({ sub: 'u1' });

    expect(person.shown.url.href).toBe(`${ORIGIN}/device?user_code=BCDF-GHJK`);
  });

  it('begins a session of its own, whatever the browser had before', async () => {
    const { browser } = await stage();
    const person = browser();
    await person.open(`${ORIGIN}/login`);
    person.setCookie('localhost', 'entrepot', 'ent_planted');
    await person.follow('Log in with Example');

    await person.submit({ sub: 'u1' });

    expect(person.cookie('entrepot')).toMatch(/^ent_[\w-]{43}$/);
  });

  it.each<[string, Readonly<Record<string, unknown>>, readonly string[], string]>([
    ['whose email is not verified', { ...ANN, email_verified: false }, [], 'is not verified'],
    ['without an email', { name: 'Ann' }, [], 'does not say your email'],
    ['of a domain that is not let in', ANN, ['--oidc-allowed-domains', 'example.org'], 'are not let in'],
    [
      'whom nobody has made a user',
      ANN,
      ['--oidc-create-users', 'false'],
      'there is no user ann@example.com',
    ],
    ['without the claim that names users', ANN, ['--oidc-user-claim', 'nickname'], 'say your nickname'],
    ['with a name of a service account', { ...ANN, email: 'a@p.iam.gserviceaccount.com' }, [], 'cannot be'],
  ])('refuses somebody %s, and says why', async (_, claims, flags, words) => {
    const { server, provider, visitor } = await stage(flags);
    provider.people.set('u2', claims);

    const { shown, ...person } = await visitor('u2').then((each) => ({
      shown: each.shown,
      session: each.cookie('entrepot'),
    }));

    expect(shown.status).toBe(403);
    expect(shown.text.toLowerCase()).toContain(words.toLowerCase());
    expect(person.session).toBeUndefined();
    expect(await accounts(server)).toEqual([]);
  });

  it('lets in somebody of an allowed domain, by another name than the email', async () => {
    const { provider, visitor } = await stage([
      '--oidc-allowed-domains=example.com',
      '--oidc-user-claim=nickname',
    ]);
    provider.people.set('u2', { ...ANN, nickname: 'annie' });

    const { shown } = await visitor('u2');

    expect(shown.text).toContain('<strong>annie</strong>');
  });

  it('is told of a refusal at the provider without its words', async () => {
    const { visitor } = await stage();

    const { shown } = await visitor('cancel');

    expect([shown.status, shown.text]).toEqual([403, expect.stringContaining('did not let you in')]);
  });
});

describe('the user of a log-in', () => {
  it('is one that was made for it, without a password', async () => {
    const { server, visitor } = await stage(['--oidc-create-users', 'false']);
    await server.accounts.put({ id: 'Ann@example.com', kind: 'user' });

    const { shown } = await visitor('u1');

    expect(shown.text).toContain('<strong>Ann@example.com</strong>');
    expect(await accounts(server)).toMatchObject([{ id: 'Ann@example.com', subject: 'u1' }]);
  });

  it('is one with a password whom an administrator has given to the provider', async () => {
    const { server, provider, visitor } = await stage();
    await server.account('ann@example.com');
    await server.database.transaction((tx) =>
      tx
        .updateTable('account')
        .set({ issuer: provider.issuer })
        .where('id', '=', 'ann@example.com')
        .execute(),
    );

    const { shown } = await visitor('u1');

    expect(shown.text).toContain('<strong>ann@example.com</strong>');
  });

  it('is never one who logs in with a password', async () => {
    const { server, visitor } = await stage();
    await server.account('ann@example.com', ['/']);

    const { shown } = await visitor('u1');

    expect(shown.status).toBe(403);
    expect(shown.text).toContain('does not log in this way');
    expect(await accounts(server)).toMatchObject([{ issuer: null, subject: null }]);
  });

  it('is never one who logs in as somebody else there', async () => {
    const { provider, visitor } = await stage();
    await visitor('u1');
    provider.people.set('u2', ANN);

    const { shown } = await visitor('u2');

    expect([shown.status, shown.text]).toEqual([403, expect.stringContaining('does not log in this way')]);
  });

  it('is not let in while disabled', async () => {
    const { server, visitor } = await stage();
    const before = await visitor('u1');
    await server.database.transaction((tx) =>
      tx.updateTable('account').set({ disabled: 1 }).where('id', '=', 'ann@example.com').execute(),
    );

    const { shown } = await visitor('u1');

    expect([shown.status, shown.text]).toEqual([403, expect.stringContaining('is disabled')]);
    await before.open(`${ORIGIN}/login`);
    expect(before.shown.text).toContain('<h1>Log in</h1>');
  });
});

describe('groups of the provider', () => {
  it('are taken over where they exist here, each time anew, and count at once', async () => {
    const { server, provider, visitor } = await stage();
    for (const group of ['devs', 'ops', 'manual']) await addGroup(server, group);
    await server.grant('projects/my-project', 'roles/artifactregistry.reader', 'group:devs');
    provider.people.set('u1', { ...ANN, groups: ['devs', 'elsewhere'] });
    const person = await visitor('u1');
    await server.database.transaction((tx) =>
      tx
        .insertInto('group_member')
        .values({ account: 'ann@example.com', group_id: 'manual', source: 'manual', created_at: 0 })
        .execute(),
    );
    const read = () =>
      server.send('GET', '/v1/projects/my-project/locations/us-central1/repositories/images', {
        as: null,
        headers: { cookie: `entrepot=${person.cookie('entrepot') ?? ''}` },
      });
    expect((await read()).status).toBe(200);

    provider.people.set('u1', { ...ANN, groups: ['ops'] });
    await visitor('u1');

    expect(await groupsOf(server, 'ann@example.com')).toEqual([
      { group_id: 'manual', source: 'manual' },
      { group_id: 'ops', source: 'claim' },
    ]);
    expect((await read()).status).toBe(403);
  });
});

/** Up to the moment when the browser has the answer and has not brought it yet. */
async function answered(flags: readonly string[] = []) {
  const made = await stage(flags);
  let callback = '';
  const person = new Browser(async (request) => {
    const url = new URL(request.url);
    if (url.host !== HOST) return fetch(request);
    if (url.pathname !== '/login/callback' || callback !== '') return made.server.answer(request);
    callback = request.url;
    return new Response('held');
  });
  await person.open(`${ORIGIN}/login`);
  await person.follow('Log in with Example');
  await person.submit({ sub: 'u1' });
  return { ...made, person, callback: new URL(callback) };
}

describe('an answer of the provider', () => {
  it('is good once', async () => {
    const { person, callback, browser } = await answered();

    await person.open(callback);
    expect(person.shown.text).toContain('<strong>ann@example.com</strong>');
    const thief = browser();
    thief.setCookie('localhost', 'entrepot-browser', person.cookie('entrepot-browser') ?? '');
    await thief.open(callback);

    expect([thief.shown.status, thief.cookie('entrepot')]).toEqual([400, undefined]);
  });

  it('is good in the browser that asked for it alone', async () => {
    const { callback, browser } = await answered();
    const victim = browser();
    await victim.open(`${ORIGIN}/login`);

    await victim.open(callback, 'https://evil.test');

    expect([victim.shown.status, victim.cookie('entrepot')]).toEqual([400, undefined]);
  });

  it('is good for ten minutes', async () => {
    const { server, person, callback } = await answered();
    server.clock.advance(10 * 60_000);

    await person.open(callback);

    expect([person.shown.status, person.cookie('entrepot')]).toEqual([400, undefined]);
  });

  it.each<[string, (callback: URL) => void]>([
    ['of another state', (callback) => callback.searchParams.set('state', 'x')],
    ['of no state', (callback) => callback.searchParams.delete('state')],
  ])('%s is nothing', async (_, change) => {
    const { person, callback } = await answered();
    change(callback);

    await person.open(callback);

    expect([person.shown.status, person.cookie('entrepot')]).toEqual([400, undefined]);
  });

  it.each<[string, (callback: URL) => void]>([
    ['another code', (callback) => callback.searchParams.set('code', 'x')],
    ['another issuer', (callback) => callback.searchParams.set('iss', 'https://evil.test')],
    ['no issuer', (callback) => callback.searchParams.delete('iss')],
    ['two states', (callback) => callback.searchParams.append('state', 'x')],
  ])('with %s lets nobody in', async (_, change) => {
    const { server, person, callback } = await answered();
    change(callback);

    await person.open(callback);

    expect([400, 403, 502]).toContain(person.shown.status);
    expect(person.cookie('entrepot')).toBeUndefined();
    expect(await accounts(server)).toEqual([]);
  });

  it('to another nonce or verifier lets nobody in', async () => {
    for (const field of ['nonce', 'verifier']) {
      const { server, person, callback } = await answered();
      await server.database.transaction(async (tx) => {
        const row = await tx
          .selectFrom('one_time')
          .select(['hash', 'payload'])
          .where('kind', '=', 'login-state')
          .executeTakeFirstOrThrow();
        const payload = { ...(JSON.parse(row.payload) as object), [field]: 'x'.repeat(43) };
        await tx
          .updateTable('one_time')
          .set({ payload: JSON.stringify(payload) })
          .where('hash', '=', row.hash)
          .execute();
      });

      await person.open(callback);

      expect([field, person.cookie('entrepot')]).toEqual([field, undefined]);
      expect([403, 502]).toContain(person.shown.status);
    }
  });

  it.each<[string, (token: string) => string]>([
    [
      'that is not signed',
      (token) => `${btoa('{"alg":"none"}').replaceAll('=', '')}.${token.split('.')[1]}.`,
    ],
    ['with a signature of another', (token) => `${token.slice(0, -10)}${'A'.repeat(10)}`],
    ['that is none', () => 'x'],
  ])('with an ID token %s lets nobody in', async (_, change) => {
    const { server, provider, visitor } = await stage();
    provider.tamper = (answer) => ({ ...answer, id_token: change(String(answer['id_token'])) });

    const person = await visitor('u1');

    expect([person.shown.status, person.cookie('entrepot')]).toEqual([502, undefined]);
    expect(person.shown.text).not.toContain('JWT');
    expect(await accounts(server)).toEqual([]);
  });
});

describe('a provider that is away', () => {
  it('is said to be, in the log, too, and passwords still log in', async () => {
    const { server, provider, browser, visitor } = await stage();
    await provider[Symbol.asyncDispose]();
    const person = browser();
    await person.open(`${ORIGIN}/login`);
    await person.follow('Log in with Example');

    expect([person.shown.status, person.shown.text]).toEqual([
      502,
      expect.stringContaining('does not answer well'),
    ]);
    expect(person.shown.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(server.logged.some(({ message }) => message === 'a request failed')).toBe(true);
    await person.open(`${ORIGIN}/login`);
    await person.submit({ username: 'admin', password: ADMIN_PASSWORD });
    expect(person.shown.text).toContain('<strong>admin</strong>');
    expect(visitor('u1')).rejects.toThrow();
  });
});

describe('the record', () => {
  it('has who came by the provider and who was refused', async () => {
    const { server, provider, visitor } = await stage();
    provider.people.set('u2', { ...ANN, email_verified: false });
    await visitor('u1');
    await visitor('u2');
    open.splice(open.indexOf(server), 1);
    await server.app[Symbol.asyncDispose]();

    const entries = await server.database.read
      .selectFrom('audit_entry')
      .select(['method', 'email', 'code', 'details'])
      .where('method', 'like', '%LoginService%')
      .orderBy('seq')
      .execute();

    expect(entries.map(({ method, email, code }) => [method.split('.').at(-1), email, code])).toEqual([
      ['loginSuccess', 'ann@example.com', 0],
      ['loginFailure', '', 7],
    ]);
    expect(entries[0]?.details).toContain('"subject":"u1"');
  });
});
