import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { existsSync } from 'node:fs';
import { ApiCaller, type Json } from '../testing/api.ts';
import { ADMIN_PASSWORD, basic, TestServer } from '../testing/harness.ts';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const PASSWORD = 'a long enough password';
const create = (id: string, user: object = { password: PASSWORD }) =>
  admin.ok('POST', `users?userId=${encodeURIComponent(id)}`, user);
const login = (user: string, password: string) =>
  server.send('POST', '/token', {
    as: null,
    body: new URLSearchParams({ grant_type: 'password', username: user, password }),
  });
const whoIs = (as: string) => server.send('GET', '/v1/users/me', { as });
/** A user who may manage users and groups, and nothing else. */
const manager = async (id: string): Promise<ApiCaller> => {
  const as = await server.account(id);
  await server.grant('/', 'roles/entrepot.userAdmin', `user:${id}`);
  return new ApiCaller(server, as);
};

describe('users', () => {
  it('are created, shown without their password, listed, changed and deleted', async () => {
    const made = await create('ann@example.com', { displayName: 'Ann', password: PASSWORD });
    expect(made).toEqual({
      name: 'users/ann@example.com',
      uid: expect.stringMatching(/^\d{21}$/),
      displayName: 'Ann',
      disabled: false,
      hasPassword: true,
      createTime: expect.any(String),
      updateTime: expect.any(String),
    });
    expect(await admin.get('users/ann@example.com')).toEqual(made);
    expect((await login('ann@example.com', PASSWORD)).status).toBe(200);

    const patched = await admin.ok('PATCH', 'users/ann@example.com?updateMask=description', {
      description: 'of accounting',
      displayName: 'ignored',
    });
    expect(patched).toMatchObject({ displayName: 'Ann', description: 'of accounting' });
    const { items } = await admin.pages('users?pageSize=1', 'users');
    expect(items.map(({ name }: Json) => name)).toEqual(['users/admin', 'users/ann@example.com']);

    expect(await admin.ok('DELETE', 'users/ann@example.com')).toEqual({});
    expect(await admin.refused('GET', 'users/ann@example.com')).toMatchObject({ status: 404 });
    expect((await login('ann@example.com', PASSWORD)).status).toBe(401);
  });

  it.each([
    '',
    'a:b',
    'a/b',
    'a b',
    '_token',
    '.hidden',
    'me',
    'ME',
    'oauth2accesstoken',
    'allUsers',
    'x@my-project.iam.gserviceaccount.com',
    'a'.repeat(129),
    'ann\u0000',
    'änn',
  ])('are not called %p', async (id) => {
    expect(await admin.refused('POST', `users?userId=${encodeURIComponent(id)}`, {})).toMatchObject({
      status: 400,
      field: 'user_id',
    });
  });

  it.each(['short', 'x'.repeat(1025), 'Same-Name'])('do not have the password %#', async (password) => {
    expect(await admin.refused('POST', 'users?userId=same-name', { password })).toMatchObject({
      reason: 'PASSWORD_INVALID',
    });
  });

  it('have names that differ in more than case', async () => {
    await create('Bob');
    expect(await admin.refused('POST', 'users?userId=bob', {})).toMatchObject({ status: 409 });
    expect((await admin.get('users/Bob')).name).toBe('users/Bob');
    expect(await admin.refused('GET', 'users/bob')).toMatchObject({ status: 404 });
  });

  it('without a password log in with none', async () => {
    expect(await create('oidc-only', {})).toMatchObject({ hasPassword: false });
    for (const password of ['', 'anything at all']) {
      const { status } = await login('oidc-only', password);
      expect(status).toBe(password === '' ? 400 : 401);
    }
  });

  it('are not given a password by an update', async () => {
    await create('patched');
    const refusal = await admin.refused('PATCH', 'users/patched', { password: 'another password' });
    expect(refusal).toMatchObject({ status: 400, field: 'user.password' });
    const masked = await admin.refused('PATCH', 'users/patched?updateMask=passwordHash', {});
    expect(masked).toMatchObject({ status: 400 });
  });

  it('that were granted something leave nothing of it to the next of their name', async () => {
    await create('carl');
    await server.grant('projects/my-project', 'roles/owner', 'user:carl');
    await admin.ok('DELETE', 'users/carl');
    await create('carl');
    const carl = new ApiCaller(server, basic('carl', PASSWORD));
    expect(await carl.refused('GET', 'projects/my-project')).toMatchObject({ status: 403 });
  });
});

describe('a password', () => {
  it('is changed by its user, who knows the current one, and ends the log-ins', async () => {
    await create('dora');
    const old = `Bearer ${await server.accessToken('dora', PASSWORD)}`;
    const own = new ApiCaller(server, old);
    const personal = await own.ok('POST', 'users/me/tokens', { displayName: 'ci' });
    const path = 'users/dora:setPassword';

    expect(await own.refused('POST', path, { password: 'the next password' })).toMatchObject({
      status: 400,
      field: 'current_password',
    });
    const wrong = await own.refused('POST', path, {
      password: 'the next password',
      currentPassword: 'wrong',
    });
    expect(wrong).toMatchObject({ status: 403, reason: 'CURRENT_PASSWORD_WRONG' });
    await own.ok('POST', 'users/me:setPassword', {
      password: 'the next password',
      currentPassword: PASSWORD,
    });

    expect((await whoIs(old)).status).toBe(401);
    expect((await whoIs(basic('dora', PASSWORD))).status).toBe(401);
    expect((await whoIs(basic('dora', 'the next password'))).status).toBe(200);
    expect((await whoIs(`Bearer ${personal.token}`)).status).toBe(200);
  });

  it('is not guessed with a stolen token', async () => {
    await create('eve');
    const own = new ApiCaller(server, `Bearer ${await server.accessToken('eve', PASSWORD)}`);
    const guess = () =>
      own.refused(
        'POST',
        'users/me:setPassword',
        { password: 'the next password', currentPassword: 'a guess' },
        { peer: '10.9.9.9' },
      );
    for (let guesses = 0; guesses < 10; guesses += 1) expect(await guess()).toMatchObject({ status: 403 });
    expect(await guess()).toMatchObject({ status: 429 });
  });

  it('is set for another by who manages users and holds all that the other does', async () => {
    await create('fred');
    const helpdesk = await manager('helpdesk');
    await helpdesk.ok('POST', 'users/fred:setPassword', { password: 'set by the helpdesk' });
    expect((await login('fred', 'set by the helpdesk')).status).toBe(200);

    await server.grant('projects/my-project', 'roles/artifactregistry.reader', 'user:fred');
    for (const user of ['fred', 'admin'])
      expect(
        await helpdesk.refused('POST', `users/${user}:setPassword`, { password: 'taken over now' }),
      ).toMatchObject({ status: 403, reason: 'GRANT_EXCEEDED' });
    expect((await login('admin', ADMIN_PASSWORD)).status).toBe(200);
  });

  it('is removed where an identity provider is to vouch for the user', async () => {
    await create('ivan');
    const before = `Bearer ${await server.accessToken('ivan', PASSWORD)}`;
    expect(await admin.ok('POST', 'users/ivan:removePassword', {})).toMatchObject({ hasPassword: false });
    expect([(await whoIs(before)).status, (await login('ivan', PASSWORD)).status]).toEqual([401, 401]);
    await server.grant('projects/my-project', 'roles/editor', 'user:ivan');
    const helpdesk = await manager('helpdesk-3');
    const refusal = await helpdesk.refused('POST', 'users/ivan:removePassword', {});
    expect(refusal).toMatchObject({ status: 403, reason: 'GRANT_EXCEEDED' });
  });

  it('is in no record of its change', async () => {
    await create('rita');
    const secret = { password: 'not for the records', currentPassword: PASSWORD };
    const rita = new ApiCaller(server, basic('rita', PASSWORD));
    await rita.ok('POST', 'users/rita:setPassword', secret);
    const entry = await server.database.read
      .selectFrom('audit_entry')
      .selectAll()
      .where('subject', '=', 'user:rita')
      .executeTakeFirstOrThrow();
    expect(entry).toMatchObject({
      service: 'admin.googleapis.com',
      method: 'google.admin.AdminService.changePassword',
      resource: 'users/rita',
      code: 0,
    });
    expect(JSON.stringify(entry)).not.toMatch(/not for the records|a long enough password/);
  });

  it('of the first start is forgotten with its file', async () => {
    await using fresh = await TestServer.start();
    fresh.directory.writeSecret(fresh.directory.initialPassword, ADMIN_PASSWORD);
    await new ApiCaller(fresh).ok('POST', 'users/me:setPassword', {
      password: 'only I know this one',
      currentPassword: ADMIN_PASSWORD,
    });
    expect(existsSync(fresh.directory.initialPassword)).toBe(false);
  });
});

describe('a disabled user', () => {
  it('is refused with everything, and has its personal tokens again once enabled', async () => {
    await create('gina');
    const loginToken = `Bearer ${await server.accessToken('gina', PASSWORD)}`;
    const own = new ApiCaller(server, loginToken);
    const personal = `Bearer ${(await own.ok('POST', 'users/me/tokens', { displayName: 'ci' })).token}`;
    const registry = (await (await server.send('GET', '/v2/token', { as: loginToken })).json()) as Json;
    const shown = [loginToken, personal, basic('gina', PASSWORD), `Bearer ${registry.token}`];
    const statuses = () => Promise.all(shown.map(async (as) => (await whoIs(as)).status));
    expect(await statuses()).toEqual([200, 200, 200, 200]);

    expect(await admin.ok('POST', 'users/gina:disable', {})).toMatchObject({ disabled: true });
    expect(await statuses()).toEqual([401, 401, 401, 401]);

    expect(await admin.ok('POST', 'users/gina:enable', {})).toMatchObject({ disabled: false });
    expect(await statuses()).toEqual([401, 200, 200, 401]);
  });

  it('is not enabled by who holds less', async () => {
    await create('hank');
    await server.grant('projects/my-project', 'roles/editor', 'user:hank');
    await admin.ok('POST', 'users/hank:disable', {});
    const helpdesk = await manager('helpdesk-2');
    expect(await helpdesk.refused('POST', 'users/hank:enable', {})).toMatchObject({ status: 403 });
  });
});

describe('a new user', () => {
  it.each([['user:promised'], ['domain:rich.example']])(
    'is not made by who holds less than %s does',
    async (member) => {
      await server.grant('projects/my-project', 'roles/editor', member);
      const id = member.startsWith('user:') ? 'promised' : 'new@rich.example';
      const helpdesk = await manager(`helpdesk-for-${id.slice(0, 3)}`);
      const refusal = await helpdesk.refused('POST', `users?userId=${id}`, { password: PASSWORD });
      expect(refusal).toMatchObject({ status: 403, reason: 'GRANT_EXCEEDED' });
      await admin.ok('POST', `users?userId=${id}`, {});
    },
  );
});

describe('the last owner', () => {
  it('stays, whichever way it would go', async () => {
    await using fresh = await TestServer.start();
    const api = new ApiCaller(fresh);
    const last = { status: 400, reason: 'LAST_OWNER' };
    expect(await api.refused('DELETE', 'users/admin')).toMatchObject(last);
    expect(await api.refused('POST', 'users/admin:disable', {})).toMatchObject(last);
    expect(await api.refused('POST', 'users/admin:removePassword', {})).toMatchObject(last);

    await api.ok('POST', 'users?userId=unable', {});
    await fresh.grant('/', 'roles/owner', 'user:unable');
    expect(await api.refused('POST', 'users/admin:disable', {})).toMatchObject(last);

    await api.ok('POST', 'users?userId=second', { password: PASSWORD });
    await api.ok('POST', 'groups?groupId=owners', {});
    await api.ok('POST', 'groups/owners/memberships', { member: 'user:second' });
    await fresh.grant('/', 'roles/owner', 'group:owners');
    await api.ok('POST', 'users/admin:disable', {});

    const second = new ApiCaller(fresh, basic('second', PASSWORD));
    expect(await second.refused('DELETE', 'groups/owners/memberships/second')).toMatchObject(last);
    expect(await second.refused('DELETE', 'groups/owners')).toMatchObject(last);
    expect(await second.refused('DELETE', 'users/second')).toMatchObject(last);
    expect((await second.get('groups/owners/memberships')).memberships).toHaveLength(1);
  });

  it('is left when two owners disable each other at once', async () => {
    await using fresh = await TestServer.start();
    const one = new ApiCaller(fresh);
    const two = new ApiCaller(fresh, await fresh.account('second', ['/']));
    await Promise.all([one.get('users/me'), two.get('users/me')]);

    const answers = await Promise.all([
      one.send('POST', 'users/second:disable', {}),
      two.send('POST', 'users/admin:disable', {}),
    ]);

    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400]);
    const { rows } = await fresh.database.read
      .selectFrom('account')
      .select(({ fn }) => fn.countAll<number>().as('rows'))
      .where('disabled', '=', 0)
      .executeTakeFirstOrThrow();
    expect(rows).toBe(1);
  });
});
