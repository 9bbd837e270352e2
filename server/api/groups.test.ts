import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, IMAGES, type Json } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const ROBOT = 'robot@my-project.iam.gserviceaccount.com';
const join = (group: string, member: string): Promise<Json> =>
  admin.ok('POST', `groups/${group}/memberships`, { member });

describe('groups', () => {
  it('are created, listed, changed and deleted', async () => {
    const made = await admin.ok('POST', 'groups?groupId=devs@example.com', { displayName: 'Developers' });
    expect(made).toEqual({
      name: 'groups/devs@example.com',
      uid: expect.stringMatching(/^\d{21}$/),
      displayName: 'Developers',
      createTime: expect.any(String),
      updateTime: expect.any(String),
    });
    await admin.ok('POST', 'groups?groupId=ops', {});
    expect(await admin.refused('POST', 'groups?groupId=OPS', {})).toMatchObject({ status: 409 });
    expect(await admin.refused('POST', 'groups?groupId=a:b', {})).toMatchObject({ field: 'group_id' });
    const { items } = await admin.pages('groups?pageSize=1', 'groups');
    expect(items.map(({ name }: Json) => name)).toEqual(['groups/devs@example.com', 'groups/ops']);
    const changed = await admin.ok('PATCH', 'groups/ops', { description: 'Operations' });
    expect(changed).toMatchObject({ displayName: '', description: 'Operations' });
    await admin.ok('DELETE', 'groups/ops');
    expect(await admin.refused('GET', 'groups/ops')).toMatchObject({ status: 404 });
  });

  it('have users and service accounts in them', async () => {
    await admin.ok('POST', 'groups?groupId=mixed', {});
    await server.accounts.put({ id: 'ann', kind: 'user' });
    await server.accounts.put({ id: ROBOT, kind: 'service-account', project: 'my-project' });

    expect(await join('mixed', 'users/ann')).toMatchObject({
      name: 'groups/mixed/memberships/ann',
      member: 'user:ann',
      source: 'MANUAL',
    });
    await join('mixed', `serviceAccounts/${ROBOT}`);
    const { items } = await admin.pages('groups/mixed/memberships?pageSize=1', 'memberships');
    expect(items.map(({ member }: Json) => member)).toEqual(['user:ann', `serviceAccount:${ROBOT}`]);

    const path = 'groups/mixed/memberships';
    expect(await admin.refused('POST', path, { member: 'user:ann' })).toMatchObject({ status: 409 });
    expect(await admin.refused('POST', path, { member: 'user:absent' })).toMatchObject({ status: 404 });
    expect(await admin.refused('POST', path, { member: `user:${ROBOT}` })).toMatchObject({ status: 404 });
    for (const member of ['', 'group:mixed', 'allUsers', 'domain:example.com'])
      expect(await admin.refused('POST', path, { member })).toMatchObject({ status: 400, field: 'member' });
    await admin.ok('DELETE', `${path}/ann`);
    expect(await admin.refused('DELETE', `${path}/ann`)).toMatchObject({ status: 404 });
    expect(await admin.refused('GET', 'groups/absent/memberships')).toMatchObject({ status: 404 });
  });

  it('show a member once, whoever put it there', async () => {
    await admin.ok('POST', 'groups?groupId=claimed', {});
    await server.accounts.put({ id: 'cleo', kind: 'user' });
    const claim = { account: 'cleo', group_id: 'claimed', source: 'claim', created_at: 1 } as const;
    await server.database.transaction((tx) => tx.insertInto('group_member').values(claim).execute());
    const sources = async () =>
      (await admin.get('groups/claimed/memberships')).memberships.map(({ source }: Json) => source);
    expect(await sources()).toEqual(['CLAIM']);
    await join('claimed', 'user:cleo');
    expect(await sources()).toEqual(['MANUAL']);
    await admin.ok('DELETE', 'groups/claimed/memberships/cleo');
    expect(await admin.get('groups/claimed/memberships')).toEqual({});
  });
});

describe('what a group may do', () => {
  it('its members may from the next request on, and not after they left', async () => {
    await admin.ok('POST', 'groups?groupId=readers', {});
    await server.grant('projects/my-project', 'roles/artifactregistry.reader', 'group:readers');
    const dave = new ApiCaller(server, await server.account('dave'));
    expect(await dave.refused('GET', IMAGES)).toMatchObject({ status: 403 });

    await join('readers', 'user:dave');
    await dave.ok('GET', IMAGES);
    expect((await dave.get('users/me')).memberOf).toEqual(['group:readers']);

    await admin.ok('DELETE', 'groups/readers/memberships/dave');
    expect(await dave.refused('GET', IMAGES)).toMatchObject({ status: 403 });

    await join('readers', 'user:dave');
    await admin.ok('DELETE', 'groups/readers');
    expect(await dave.refused('GET', IMAGES)).toMatchObject({ status: 403 });
    await admin.ok('POST', 'groups?groupId=readers', {});
    await join('readers', 'user:dave');
    expect(await dave.refused('GET', IMAGES)).toMatchObject({ status: 403 });
  });

  it('is given to nobody by who does not hold it', async () => {
    await admin.ok('POST', 'groups?groupId=editors', {});
    await server.grant('projects/my-project', 'roles/editor', 'group:editors');
    const as = await server.account('hr');
    await server.grant('/', 'roles/entrepot.userAdmin', 'user:hr');
    const hr = new ApiCaller(server, as);
    const refusal = await hr.refused('POST', 'groups/editors/memberships', { member: 'user:hr' });
    expect(refusal).toMatchObject({ status: 403, reason: 'GRANT_EXCEEDED' });
    await admin.ok('POST', 'groups?groupId=choir', {});
    await hr.ok('POST', 'groups/choir/memberships', { member: 'user:hr' });
  });
});
