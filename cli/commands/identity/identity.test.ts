import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestServer } from '../../../server/testing/harness.ts';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';

let registry: TestRegistry;
let server: TestServer;
let admin: Person;
beforeAll(async () => {
  registry = await TestRegistry.start();
  ({ server } = registry);
  admin = await registry.admin();
});
afterAll(() => registry[Symbol.asyncDispose]());

describe('identity users', () => {
  it('creates, lists, updates, disables, enables and deletes', async () => {
    await admin.done('identity users create ann --display-name=Ann --password-stdin', {
      input: 'a good password\n',
    });
    await admin.done('identity users create oidc@example.com --without-password');
    const table = await admin.done(
      'identity users list --format=csv[no-heading](name.basename(),hasPassword)',
    );
    expect(table).toBe('admin,True\nann,True\noidc@example.com,False\n');

    await admin.done(['identity', 'users', 'update', 'ann', '--description=of accounting']);
    await admin.done('identity users disable ann');
    const described = JSON.parse(await admin.done('identity users describe ann --format=json')) as object;
    expect(described).toMatchObject({ displayName: 'Ann', description: 'of accounting', disabled: true });
    await admin.done('identity users enable ann');
    await admin.done('identity users delete oidc@example.com --quiet');
    expect((await admin.run('identity users describe oidc@example.com')).exit).toBe(3);
  });

  it('asks for a password twice on a terminal, and shows it nowhere', async () => {
    const ran = await admin.run('identity users create bob', {
      terminal: true,
      input: 'a good password\na good password\n',
    });
    expect(ran).toMatchObject({ exit: 0 });
    expect(ran.stderr).toContain('New password of bob: \nOnce more: ');
    expect(ran.stdout + ran.stderr).not.toContain('a good password');
    const differing = await admin.run('identity users create eve', {
      terminal: true,
      input: 'a good password\nanother password\n',
    });
    expect(differing).toMatchObject({ exit: 2 });
    expect(differing.stderr).toContain('the two passwords differ');
  });

  it.each([
    ['identity users create carl', '', 'give --password-stdin'],
    ['identity users create carl --password-stdin', '', 'standard input must have one line: the password'],
    ['identity users create carl --password-stdin', 'one\ntwo', 'must have one line'],
    ['identity users create carl --password-stdin --without-password', 'x', 'exclude each other'],
    ['identity users update carl', '', 'give --display-name or --description'],
  ])('%s with %p changes nothing', async (line, input, words) => {
    const ran = await admin.run(line, { input });
    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain(words);
  });

  it('removes passwords', async () => {
    await admin.done('identity users create dora --password-stdin', { input: 'a good password' });
    await admin.done('identity users set-password dora --without-password');
    expect(await admin.done('identity users describe dora --format=value(hasPassword)')).toBe('False\n');
  });

  it('sets passwords, one’s own with the current one', async () => {
    await admin.done('identity users set-password ann --password-stdin', { input: 'set by admin' });
    const ann = await registry.login('ann', 'set by admin');
    expect(await ann.done(['auth', 'whoami', '--format=value(member)'])).toBe('user:ann\n');

    const wrong = await ann.run('identity users set-password --password-stdin', {
      input: 'a guess\nchosen by ann',
    });
    expect([wrong.exit, wrong.stderr]).toEqual([4, expect.stringContaining('current password is wrong')]);
    const ran = await ann.run('identity users set-password', {
      terminal: true,
      input: 'set by admin\nchosen by ann\nchosen by ann\n',
    });
    expect([ran.exit, ran.stderr]).toEqual([0, expect.stringContaining('Log in again')]);
    await registry.login('ann', 'chosen by ann');
  });
});

describe('identity groups', () => {
  it('creates them, and puts users and service accounts in and out', async () => {
    const robot = 'robot@my-project.iam.gserviceaccount.com';
    await server.accounts.put({ id: robot, kind: 'service-account', project: 'my-project' });
    await admin.done('identity groups create devs --display-name=Developers');
    for (const member of ['bob', robot])
      await admin.done(`identity groups memberships add --group-email=devs --member-email=${member}`);
    const members = 'identity groups memberships list --group-email=devs --format=value(member)';
    expect(await admin.done(members)).toBe(`user:bob\nserviceAccount:${robot}\n`);
    await admin.done('identity groups memberships delete --group-email=devs --member-email=bob --quiet');
    expect(await admin.done(members)).toBe(`serviceAccount:${robot}\n`);
    await admin.done('identity groups update devs --description=x');
    expect(await admin.done('identity groups describe devs --format=value(description)')).toBe('x\n');
    await admin.done('identity groups delete devs --quiet');
    expect(await admin.done('identity groups list --format=json')).toBe('[]\n');
  });
});

describe('auth tokens', () => {
  it('prints a new one alone, lists it without its secret, and revokes it', async () => {
    const line =
      'auth tokens create build --actions=write --repositories=images --location=us-central1 --project=my-project ' +
      '--expires-in=30d';
    const ran = await admin.run(line);
    expect(ran.stdout).toMatch(/^ent_[\w-]{43}\n$/);
    expect(ran.stderr).toMatch(/^Created token \[([\w-]{16})\], good until 2026-03-31T12:00:00.000Z\./);
    const id = /\[([\w-]{16})\]/.exec(ran.stderr)?.[1] ?? '';

    const listed = await admin.done('auth tokens list --filter=displayName=build --format=json');
    expect(JSON.parse(listed)).toMatchObject([
      {
        kind: 'PERSONAL',
        scope: {
          actions: ['READ', 'WRITE'],
          repositories: ['projects/my-project/locations/us-central1/repositories/images'],
        },
      },
    ]);
    expect(listed).not.toContain('ent_');
    const scripted = { env: { ENTREPOT_ACCESS_TOKEN: ran.stdout.trim() } };
    expect((await admin.run('auth whoami --format=value(credential.kind)', scripted)).stdout).toBe(
      'PERSONAL\n',
    );
    await admin.done(`auth tokens revoke ${id}`);
    expect((await admin.run('auth whoami', scripted)).exit).toBe(4);
    expect((await admin.run(`auth tokens revoke ${id}`)).exit).toBe(3);
  });

  it.each([
    ['auth tokens create x --actions=fly', '[fly] is not one of read, write, delete, admin'],
    ['auth tokens create x --expires-in=soon', '[soon] is not a duration'],
  ])('%s is a wrong command line', async (line, words) => {
    const ran = await admin.run(line);
    expect([ran.exit, ran.stderr]).toEqual([2, expect.stringContaining(words)]);
  });

  it('of others are listed and revoked by name', async () => {
    const bob = await registry.login('bob', 'a good password');
    await bob.done('auth tokens create ci');
    const [name = ''] = (
      await admin.done('auth tokens list --user=bob --filter=kind=PERSONAL --format=value(name)')
    ).split('\n');
    expect(name).toStartWith('users/bob/tokens/');
    await admin.done(`auth tokens revoke ${name}`);
  });
});

describe('a login', () => {
  it('renews itself, once for all commands that run at the same time', async () => {
    const person = await registry.login('bob', 'a good password');
    server.clock.advance(2 * 3_600_000);
    registry.asked.length = 0;

    const ran = await Promise.all([1, 2, 3, 4].map(() => person.run('auth whoami --format=value(member)')));

    expect(ran.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 4 }, () => 'user:bob\n'));
    expect(registry.asked.filter((path) => path === '/token')).toHaveLength(1);
  });

  it('that was ended elsewhere says how to go on', async () => {
    const person = await registry.login('bob', 'a good password');
    await server.send('POST', '/v1/users/bob:disable');
    server.clock.advance(2 * 3_600_000);
    const ran = await person.run('auth whoami');
    await server.send('POST', '/v1/users/bob:enable');
    expect([ran.exit, ran.stderr]).toEqual([
      4,
      expect.stringContaining(
        'the login of bob at http://localhost:8080 has expired; run "entrepot auth login"',
      ),
    ]);
  });

  it.each(['logout', 'revoke'])('is ended at the server by %s', async (verb) => {
    const person = await registry.login('bob', 'a good password');
    const token = (await person.run('auth print-access-token')).stdout.trim();
    const ran = await person.run(`auth ${verb}`);
    expect([ran.exit, ran.stderr]).toEqual([0, 'Logged out of http://localhost:8080.\n']);
    expect((await server.send('GET', '/v1/users/me', { as: `Bearer ${token}` })).status).toBe(401);
    expect(await readFile(join(person.home, '.config/entrepot/logins.json'), 'utf8')).toBe('{}\n');
  });

  it('is forgotten also when the server is away, and the person is told', async () => {
    const person = await registry.login('bob', 'a good password');
    const ran = await person.run('auth logout', { fetch: () => Promise.reject(new Error('away')) });
    expect([ran.exit, ran.stderr]).toEqual([0, expect.stringContaining('was forgotten here but not ended')]);
    expect((await person.run('auth logout')).exit).toBe(3);
  });
});
