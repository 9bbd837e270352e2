import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, IMAGES, type Json, LOCATION, PROJECT } from '../testing/api.ts';
import { basic, TestServer } from '../testing/harness.ts';

const DOWNLOAD = 'artifactregistry.repositories.downloadArtifacts';
const READER = 'roles/artifactregistry.reader';
const FULL = `//artifactregistry.googleapis.com/${IMAGES}`;

let server: TestServer;
let admin: ApiCaller;
let ann: ApiCaller;
let bob: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
  for (const id of ['ann', 'bob', 'carl']) await server.account(id);
  ann = new ApiCaller(server, basic('ann', "ann's password"));
  bob = new ApiCaller(server, basic('bob', "bob's password"));
  await admin.ok('POST', `${IMAGES}:setIamPolicy`, {
    policy: {
      version: 3,
      bindings: [
        { role: READER, members: ['user:ann', 'user:carl'] },
        {
          role: 'roles/artifactregistry.writer',
          members: ['user:ann'],
          condition: { expression: "resource.package.startsWith('team/')", title: 'the team’s' },
        },
      ],
    },
  });
});
afterAll(() => server[Symbol.asyncDispose]());

const troubleshoot = (who: ApiCaller, accessTuple: Json): Promise<Json> =>
  who.ok('POST', 'iam:troubleshoot', {
    accessTuple: { fullResourceName: FULL, permission: DOWNLOAD, ...accessTuple },
  });
const refused = (who: ApiCaller, accessTuple: Json) =>
  who.refused('POST', 'iam:troubleshoot', {
    accessTuple: { fullResourceName: FULL, permission: DOWNLOAD, ...accessTuple },
  });

const at = (id: string) => ({ fullResourceName: `${LOCATION}/repositories/${id}` });
const whoCan = (who: ApiCaller, body: Json = {}): Promise<Json> =>
  who.ok('POST', 'iam:whoCan', { fullResourceName: FULL, permission: DOWNLOAD, ...body });

describe('troubleshooting', () => {
  it('answers in the shape of Policy Troubleshooter', async () => {
    expect(await troubleshoot(admin, { principal: 'ann' })).toEqual({
      access: 'GRANTED',
      principal: 'user:ann',
      summary: `user:ann has ${DOWNLOAD} on ${IMAGES}: ${READER} is granted on ${IMAGES}.`,
      explainedPolicies: [
        {
          access: 'NOT_GRANTED',
          fullResourceName: '//cloudresourcemanager.googleapis.com/organizations/entrepot',
          bindingExplanations: [
            {
              access: 'NOT_GRANTED',
              role: 'roles/owner',
              rolePermission: 'ROLE_PERMISSION_INCLUDED',
              memberships: { 'user:admin': { membership: 'MEMBERSHIP_NOT_INCLUDED' } },
            },
          ],
        },
        {
          access: 'GRANTED',
          fullResourceName: FULL,
          bindingExplanations: [
            {
              access: 'GRANTED',
              role: READER,
              rolePermission: 'ROLE_PERMISSION_INCLUDED',
              memberships: {
                'user:ann': { membership: 'MEMBERSHIP_INCLUDED' },
                'user:carl': { membership: 'MEMBERSHIP_NOT_INCLUDED' },
              },
            },
            {
              access: 'UNKNOWN_CONDITIONAL',
              role: 'roles/artifactregistry.writer',
              rolePermission: 'ROLE_PERMISSION_INCLUDED',
              memberships: { 'user:ann': { membership: 'MEMBERSHIP_INCLUDED' } },
              condition: { expression: "resource.package.startsWith('team/')", title: 'the team’s' },
              conditionExplanation: { value: 'UNKNOWN' },
            },
          ],
        },
      ],
    });
  });

  const UPLOAD = 'artifactregistry.repositories.uploadArtifacts';
  it.each([
    [{}, 'UNKNOWN_CONDITIONAL'],
    [{ conditionContext: { resource: { package: 'team/app' } } }, 'GRANTED'],
    [{ conditionContext: { resource: { package: 'other' } } }, 'NOT_GRANTED'],
    [{ fullResourceName: `${FULL}/packages/team%2Fapp/tags/v1` }, 'GRANTED'],
    [{ fullResourceName: `${IMAGES}/packages/other` }, 'NOT_GRANTED'],
  ])('takes what it is about from %j', async (tuple, access) => {
    expect(await troubleshoot(ann, { permission: UPLOAD, ...tuple })).toMatchObject({ access });
  });

  it('tells callers of their own grants, and of nobody else’s', async () => {
    const own = await troubleshoot(ann, {});
    expect(own).toMatchObject({ access: 'GRANTED', principal: 'user:ann' });
    expect(own.explainedPolicies).toHaveLength(1);
    expect(JSON.stringify(own)).not.toContain('carl');
    expect(await troubleshoot(ann, { principal: 'user:ann' })).toEqual(own);
    expect(await refused(ann, { principal: 'carl' })).toMatchObject({
      status: 403,
      message: expect.stringContaining('artifactregistry.repositories.getIamPolicy'),
    });
  });

  it('tells nobody whether a resource is there', async () => {
    const [there, absent] = [await troubleshoot(bob, at('images')), await troubleshoot(bob, at('absent'))];
    expect(JSON.parse(JSON.stringify(there).replaceAll('images', 'absent'))).toEqual(absent);
    expect(there).toEqual({
      access: 'NOT_GRANTED',
      principal: 'user:bob',
      explainedPolicies: [],
      summary: expect.stringContaining('nothing is granted to it there or above'),
      suggestedRole: READER,
    });
  });

  it('asks no less of those who ask about others on what is not there', async () => {
    const [there, absent] = [
      await refused(bob, { principal: 'carl', ...at('images') }),
      await refused(bob, { principal: 'carl', ...at('absent') }),
    ];
    expect({ ...there, message: there.message.replace('images', 'absent') }).toEqual(absent);
  });

  it('only hints at what is granted where the caller may not look', async () => {
    await server.grant(IMAGES, 'roles/artifactregistry.viewer', 'user:bob');
    const answer = await troubleshoot(bob, { principal: 'admin' });
    expect(answer).toMatchObject({ access: 'GRANTED' });
    expect(answer.summary).toEndWith('it is granted above, in a policy you may not see.');
    expect(JSON.stringify(answer)).not.toContain('roles/owner');
  });

  it('knows that disabled accounts do nothing, and what nobody is', async () => {
    await server.account('gone', [IMAGES], { disabled: true });
    expect(await troubleshoot(admin, { principal: 'gone' })).toMatchObject({
      access: 'NOT_GRANTED',
      summary: 'user:gone is disabled and can do nothing.',
    });
    expect(await troubleshoot(admin, { principal: 'allUsers' })).toMatchObject({ access: 'NOT_GRANTED' });
    expect(await refused(admin, { principal: 'nobody' })).toMatchObject({
      status: 400,
      message: 'nobody does not exist.',
    });
  });

  it.each([
    [{ permission: 'none' }, 'permission'],
    [{ permission: 'artifactregistry.*' }, 'permission'],
    [{ fullResourceName: 'folders/1' }, 'full_resource_name'],
    [{ fullResourceName: '' }, 'full_resource_name'],
  ])('refuses %j', async (tuple, field) => {
    expect(await refused(ann, tuple)).toMatchObject({ status: 400, field });
  });

  it('needs somebody', async () => {
    expect(await refused(new ApiCaller(server, null), {})).toMatchObject({ status: 401 });
  });
});

describe('who can', () => {
  it('lists who holds it, by which grant', async () => {
    const { holders } = await whoCan(admin);
    expect(holders).toContainEqual({
      member: 'user:admin',
      role: 'roles/owner',
      fullResourceName: '//cloudresourcemanager.googleapis.com/organizations/entrepot',
    });
    expect(holders).toContainEqual({ member: 'user:carl', role: READER, fullResourceName: FULL });
    expect(holders).toContainEqual({
      member: 'user:ann',
      role: 'roles/artifactregistry.writer',
      fullResourceName: FULL,
      condition: { expression: "resource.package.startsWith('team/')", title: 'the team’s' },
      conditional: true,
    });
    const other = await whoCan(admin, { conditionContext: { resource: { package: 'other' } } });
    expect(other.holders).toHaveLength(holders.length - 1);
  });

  it('is for those who may see the policy, and says what they may not', async () => {
    const refusal = await ann.refused('POST', 'iam:whoCan', { fullResourceName: FULL, permission: DOWNLOAD });
    expect(refusal).toMatchObject({ status: 403 });
    const { unseen, holders } = await whoCan(bob);
    expect(unseen).toEqual(['//cloudresourcemanager.googleapis.com/organizations/entrepot']);
    expect(JSON.stringify(holders)).not.toContain('user:admin');
  });

  it('shows members of groups to those who may see groups', async () => {
    await admin.ok('POST', 'groups?groupId=web', {});
    await server.database.transaction((tx) =>
      tx
        .insertInto('group_member')
        .values({ account: 'carl', group_id: 'web', source: 'manual', created_at: 0 })
        .execute(),
    );
    await server.grant(PROJECT, READER, 'group:web');
    expect((await whoCan(admin)).holders).toContainEqual({
      member: 'group:web',
      role: READER,
      fullResourceName: '//cloudresourcemanager.googleapis.com/projects/my-project',
      groupMembers: ['user:carl'],
    });
    await server.grant(PROJECT, 'roles/viewer', 'user:bob');
    expect((await whoCan(bob)).holders).toContainEqual({
      member: 'group:web',
      role: READER,
      fullResourceName: '//cloudresourcemanager.googleapis.com/projects/my-project',
    });
  });
});
