import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { sha256 } from '../iam/tokens.ts';
import { ApiCaller, IMAGES, type Json, PROJECT } from '../testing/api.ts';
import { basic, TestServer } from '../testing/harness.ts';

let server: TestServer;
let admin: ApiCaller;
let ann: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
  ann = new ApiCaller(server, await server.account('ann', [PROJECT]));
});
afterAll(() => server[Symbol.asyncDispose]());

const DAY = 86_400_000;
const inDays = (days: number): string => new Date(server.clock.now() + days * DAY).toISOString();
const tokenOf = async (owner: ApiCaller, fields: object = {}): Promise<Json> =>
  owner.ok('POST', 'users/me/tokens', { displayName: 'ci', ...fields });
const holder = (token: Json): ApiCaller => new ApiCaller(server, `Bearer ${token.token}`);
const ids = async (owner: ApiCaller, of = 'me'): Promise<readonly string[]> =>
  ((await owner.get(`users/${of}/tokens`)).tokens ?? []).map(({ name }: Json) => name);

describe('a personal token', () => {
  it('is shown once, reads for 90 days and is listed without its secret', async () => {
    const made = await tokenOf(ann);
    expect(made).toEqual({
      name: expect.stringMatching(/^users\/ann\/tokens\/[\w-]{16}$/),
      displayName: 'ci',
      kind: 'PERSONAL',
      scope: { actions: ['READ'] },
      createTime: inDays(0),
      expireTime: inDays(90),
      token: expect.stringMatching(/^ent_[\w-]{43}$/),
    });
    const { token, ...rest } = made;
    expect(await ann.get(made.name)).toEqual(rest);
    const listed = (await ann.get('users/me/tokens')).tokens;
    expect(listed).toContainEqual(rest);
    expect(JSON.stringify(listed)).not.toContain(token);
    const rows = await server.database.read.selectFrom('access_token').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  it.each([
    [['READ'], [200, 403, 403]],
    [['WRITE'], [200, 200, 403]],
    [['DELETE'], [200, 200, 403]],
    [['ADMIN'], [200, 200, 200]],
  ] as const)('for %p does no more than that', async (actions, expected) => {
    const made = await tokenOf(ann, { scope: { actions } });
    const caller = holder(made);
    const read = await caller.send('GET', IMAGES);
    const write = await server.send('POST', '/v2/us-central1-docker/my-project/images/x/blobs/uploads/', {
      as: `Bearer ${made.token}`,
    });
    const administer = await caller.send('PATCH', PROJECT, { name: 'Renamed' });
    const statuses = [read, write, administer].map(({ status }) => (status === 202 ? 200 : status));
    expect(statuses).toEqual([...expected]);
  });

  it('for one repository is good for no other', async () => {
    await server.repository('other');
    const caller = holder(await tokenOf(ann, { scope: { actions: ['ADMIN'], repositories: [IMAGES] } }));
    await caller.ok('GET', IMAGES);
    const other = IMAGES.replace('images', 'other');
    expect(await caller.refused('GET', other)).toMatchObject({ status: 403 });
    expect(await caller.refused('GET', `${IMAGES}-2`)).toMatchObject({ status: 403 });
    expect(await caller.refused('GET', PROJECT)).toMatchObject({ status: 403 });
  });

  it.each([
    [{ displayName: '' }, 'display_name'],
    [{ displayName: 'a\nb' }, 'display_name'],
    [{ ttl: '-5s' }, 'ttl'],
    [{ ttl: `${367 * 86_400}s` }, 'ttl'],
    [{ expireTime: '2020-01-01T00:00:00Z' }, 'expire_time'],
    [{ expireTime: '2026-99-01T00:00:00Z' }, 'expire_time'],
    [{ expireTime: '2026-04-01T00:00:00Z', ttl: '60s' }, 'ttl'],
    [{ scope: { repositories: ['images'] } }, 'scope.repositories'],
    [{ scope: { repositories: ['projects/my-project/locations/us'] } }, 'scope.repositories'],
    [{ scope: { actions: ['FLY'] } }, 'scope.actions[0]'],
  ])('with %p is refused', async (fields, field) => {
    const refusal = await ann.refused('POST', 'users/me/tokens', { displayName: 'ci', ...fields });
    expect(refusal).toMatchObject({ status: 400, field });
  });

  it('is as long as asked for, and ends then', async () => {
    const made = await tokenOf(ann, { ttl: '60s' });
    await holder(made).ok('GET', 'users/me');
    server.clock.advance(60_000);
    expect(await holder(made).refused('GET', 'users/me')).toMatchObject({ status: 401 });
    expect(await ids(new ApiCaller(server, basic('ann', "ann's password")))).not.toContain(made.name);
  });

  it('lives no longer than the operator says', async () => {
    await using strict = await TestServer.start(['--token-max-lifetime', '7d']);
    const api = new ApiCaller(strict);
    const { createTime, expireTime } = await api.ok('POST', 'users/me/tokens', { displayName: 'ci' });
    expect(Date.parse(expireTime) - Date.parse(createTime)).toBe(7 * DAY);
    const long = await api.refused('POST', 'users/me/tokens', { displayName: 'ci', ttl: '604801s' });
    expect(long).toMatchObject({ status: 400, message: expect.stringContaining('at most 7 days') });
  });

  it('ends when it is revoked, with what was made from it', async () => {
    const made = await tokenOf(ann, { scope: { actions: ['WRITE'] } });
    const child = await tokenOf(holder(made));
    const registry = (await (
      await server.send('GET', '/v2/token', { as: `Bearer ${made.token}` })
    ).json()) as Json;
    for (const one of [made, child, registry]) await holder(one).ok('GET', 'users/me');

    await ann.ok('DELETE', made.name);

    for (const one of [made, child, registry])
      expect(await holder(one).refused('GET', 'users/me')).toMatchObject({ status: 401 });
    expect(await ann.refused('DELETE', made.name)).toMatchObject({ status: 404 });
  });
});

describe('what a limited credential makes', () => {
  it('is limited as it is, ends with it, and is all it sees', async () => {
    const limited = await tokenOf(ann, {
      ttl: '3600s',
      scope: { actions: ['WRITE'], repositories: [IMAGES] },
    });
    const caller = holder(limited);
    for (const scope of [
      { actions: ['ADMIN'], repositories: [IMAGES] },
      { actions: ['DELETE'], repositories: [IMAGES] },
      { actions: ['READ'] },
      { actions: ['READ'], repositories: [PROJECT] },
      undefined,
    ])
      expect(
        await caller.refused('POST', 'users/me/tokens', { displayName: 'x', ...(scope && { scope }) }),
      ).toMatchObject({ status: 403, reason: 'TOKEN_EXCEEDED' });

    const made = await tokenOf(caller, { scope: { repositories: [IMAGES] } });
    expect(made.expireTime).toBe(limited.expireTime);
    expect(await caller.refused('GET', 'users/me/tokens')).toMatchObject({ status: 403 });
    expect(await caller.refused('DELETE', made.name)).toMatchObject({ status: 403 });
    expect((await caller.get(limited.name)).name).toBe(limited.name);
    await caller.ok('DELETE', limited.name);
    expect(await holder(made).refused('GET', 'users/me')).toMatchObject({ status: 401 });
  });

  it('is nothing when it is a registry token', async () => {
    const { token } = (await (
      await server.send('GET', '/v2/token', { as: basic('ann', "ann's password") })
    ).json()) as Json;
    const refusal = await holder({ token }).refused('POST', 'users/me/tokens', { displayName: 'x' });
    expect(refusal).toMatchObject({ status: 403, reason: 'LOGIN_NEEDED' });
  });

  it('does not live longer because its maker is unlimited but not a log-in', async () => {
    const unlimited = await tokenOf(ann, { ttl: '3600s', scope: { actions: ['ADMIN'] } });
    const made = await tokenOf(holder(unlimited), { scope: { actions: ['ADMIN'] } });
    expect(made.expireTime).toBe(unlimited.expireTime);
  });
});

describe('tokens of others', () => {
  it('are seen and revoked by who watches over them, and made by nobody', async () => {
    const bob = new ApiCaller(server, await server.account('bob'));
    const made = await tokenOf(bob);
    expect(await ids(admin, 'bob')).toContain(made.name);
    expect(await admin.refused('POST', 'users/bob/tokens', { displayName: 'x' })).toMatchObject({
      status: 403,
    });
    expect(await admin.refused('DELETE', made.name.replace('bob', 'ann'))).toMatchObject({ status: 404 });
    await admin.ok('DELETE', made.name);
    expect(await ids(bob)).not.toContain(made.name);
    expect(await admin.refused('GET', 'users/absent/tokens')).toMatchObject({ status: 404 });
  });

  it('are not revoked by who may only see them', async () => {
    const watcher = await server.account('watcher');
    await server.grant('/', 'roles/iam.securityReviewer', 'user:watcher');
    const api = new ApiCaller(server, watcher);
    const [name = ''] = await ids(api, 'ann');
    expect(name).not.toBe('');
    expect(await api.refused('DELETE', name)).toMatchObject({ status: 403 });
  });

  it('of a service account end with the key that they were made with', async () => {
    const email = 'robot@my-project.iam.gserviceaccount.com';
    await server.accounts.put({ id: email, kind: 'service-account', project: 'my-project' });
    const key = { id: 'a'.repeat(40), account: email, algorithm: 'KEY_ALG_RSA_2048', public_key: '' };
    await server.database.transaction((tx) =>
      tx
        .insertInto('service_account_key')
        .values({
          ...key,
          origin: 'GOOGLE_PROVIDED',
          valid_after: 0,
          valid_before: server.clock.now() + DAY,
          created_at: 0,
        })
        .execute(),
    );
    await server.tokens.addToken(sha256('ent_robot'), {
      id: 'robot',
      kind: 'service-account',
      of: email,
      key: key.id,
      expiresAt: server.clock.now() + DAY,
    });
    const robot = new ApiCaller(server, 'Bearer ent_robot');
    const made = await tokenOf(robot);
    expect(await robot.get('users/me')).toMatchObject({
      name: `projects/-/serviceAccounts/${email}`,
      kind: 'SERVICE_ACCOUNT',
      member: `serviceAccount:${email}`,
      credential: { kind: 'SERVICE_ACCOUNT' },
    });
    await holder(made).ok('GET', 'users/me');

    await server.database.transaction((tx) =>
      tx.deleteFrom('service_account_key').where('id', '=', key.id).execute(),
    );

    expect(await holder(made).refused('GET', 'users/me')).toMatchObject({ status: 401 });
  });
});

describe('who am I', () => {
  it('is told, whatever was shown', async () => {
    const personal = await tokenOf(ann, { scope: { actions: ['WRITE'], repositories: [IMAGES] } });
    expect(await holder(personal).get('users/me')).toEqual({
      name: 'users/ann',
      kind: 'USER',
      member: 'user:ann',
      credential: {
        kind: 'PERSONAL',
        token: personal.name,
        scope: { actions: ['READ', 'WRITE'], repositories: [IMAGES] },
        expireTime: personal.expireTime,
      },
    });
    const password = new ApiCaller(server, basic('ann', "ann's password"));
    expect((await password.get('users/me')).credential).toMatchObject({
      kind: 'PASSWORD',
      scope: { actions: ['READ', 'WRITE', 'DELETE', 'ADMIN'] },
    });
    expect((await ann.get('users/me')).credential.kind).toBe('LOGIN');
    expect(await new ApiCaller(server, null).refused('GET', 'users/me')).toMatchObject({ status: 401 });
  });
});
