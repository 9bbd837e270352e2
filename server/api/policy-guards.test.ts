import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import type { ResourceName } from '../core/iam.ts';
import { ApiCaller, type Json, LOCATION, PROJECT } from '../testing/api.ts';
import { basic, TestServer } from '../testing/harness.ts';

const REPO_ADMIN = 'roles/artifactregistry.admin';
const READER = 'roles/artifactregistry.reader';
const OWNER = 'roles/owner';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
  await server.account('bob');
});
afterAll(() => server[Symbol.asyncDispose]());

let made = 0;
interface Scene {
  readonly name: string;
  readonly on: ResourceName;
  /** Somebody who may set the policy of the repository and holds what the role has, there. */
  readonly carl: ApiCaller;
  readonly me: string;
}
/** A repository with an administrator, both of their own. */
async function scene(role = REPO_ADMIN): Promise<Scene> {
  made += 1;
  const id = `carl-${made}`;
  await server.repository(`scene-${made}`);
  const on: ResourceName = `${LOCATION}/repositories/scene-${made}`;
  await server.account(id);
  await server.grant(on, role, `user:${id}`);
  return { name: on, on, me: `user:${id}`, carl: new ApiCaller(server, basic(id, `${id}'s password`)) };
}
const read = (who: ApiCaller, name: string): Promise<Json> =>
  who.get(`${name}:getIamPolicy?options.requestedPolicyVersion=3`);
const bind = (role: string, member: string, condition?: string) => ({
  role,
  members: [member],
  ...(condition && { condition: { expression: condition, title: 'when' } }),
});
/** Adds a binding to what is there, as the caller. */
async function add(who: ApiCaller, name: string, ...more: readonly object[]): Promise<Response> {
  const policy = await read(admin, name);
  return who.send('POST', `${name}:setIamPolicy`, {
    policy: { ...policy, version: 3, bindings: [...(policy.bindings ?? []), ...more] },
  });
}
async function refusal(answer: Response): Promise<Json> {
  const { error } = (await answer.json()) as Json;
  return { status: answer.status, code: error.status, message: error.message };
}
const lacking = (role: string) => ({
  status: 403,
  code: 'PERMISSION_DENIED',
  message: expect.stringContaining(`You may not grant ${role} on ${PROJECT}`),
});

describe('whoever sets the policy of a repository', () => {
  it('gives what they hold', async () => {
    const { carl, name } = await scene();
    for (const role of [READER, 'roles/artifactregistry.repoAdmin', REPO_ADMIN])
      expect((await add(carl, name, bind(role, 'user:bob'))).status).toBe(200);
    expect((await add(carl, name, bind(READER, 'user:bob', "resource.tag == 'a'"))).status).toBe(200);
  });

  it.each([OWNER, 'roles/editor', 'roles/viewer', 'roles/iam.roleAdmin', 'roles/artifactregistry.editor'])(
    'does not give %s, which is more',
    async (role) => {
      const { carl, name, me } = await scene();
      const before = await read(admin, name);
      for (const member of ['user:bob', me])
        expect(await refusal(await add(carl, name, bind(role, member)))).toMatchObject(lacking(role));
      expect(await refusal(await add(carl, name, bind(role, me, 'true')))).toMatchObject(lacking(role));
      expect(await read(admin, name)).toEqual(before);
    },
  );

  it('says what is lacking', async () => {
    const { carl, name } = await scene();
    const { message } = await refusal(
      await add(carl, name, bind('roles/artifactregistry.editor', 'user:bob')),
    );
    expect(message).toEndWith('You lack artifactregistry.repositories.createOnPush.');
  });

  it('leaves alone, and removes, what others gave', async () => {
    const { carl, name, on, me } = await scene();
    await server.grant(on, OWNER, 'user:bob');
    expect((await add(carl, name, bind(READER, 'user:bob'))).status).toBe(200);
    const { etag } = await read(carl, name);
    const bindings = [bind(REPO_ADMIN, me)];
    expect((await carl.send('POST', `${name}:setIamPolicy`, { policy: { etag, bindings } })).status).toBe(
      200,
    );
    expect(await refusal(await add(carl, name, bind(OWNER, 'user:bob')))).toMatchObject(lacking(OWNER));
  });

  it('does not make it public without a right to that', async () => {
    const { carl, name, on, me } = await scene();
    for (const member of ['allUsers', 'allAuthenticatedUsers'])
      expect(await refusal(await add(carl, name, bind(READER, member)))).toMatchObject({
        status: 403,
        message: expect.stringContaining('needs entrepot.policies.grantPublic'),
      });
    await server.grant(on, 'roles/entrepot.publicAccessAdmin', me);
    expect((await add(carl, name, bind(READER, 'allUsers'))).status).toBe(200);
    const nobody = new ApiCaller(server, null);
    expect((await nobody.send('GET', name)).status).toBe(200);
    expect(await refusal(await add(carl, name, bind(OWNER, 'allUsers')))).toMatchObject(lacking(OWNER));
  });

  it('does not become more by a group that is more', async () => {
    const { carl, name, me } = await scene();
    await server.database.transaction(async (tx) => {
      const times = { created_at: 0, updated_at: 0 };
      await tx
        .insertInto('account_group')
        .values({ id: `team-${made}`, uid: `t${made}`, ...times })
        .execute();
      await tx
        .insertInto('group_member')
        .values({
          account: me.slice('user:'.length),
          group_id: `team-${made}`,
          source: 'manual',
          created_at: 0,
        })
        .execute();
    });
    expect(await refusal(await add(carl, name, bind(OWNER, `group:team-${made}`)))).toMatchObject(
      lacking(OWNER),
    );
    // By the group they are the project's owner, and so may give that.
    await server.grant(PROJECT, OWNER, `group:team-${made}`);
    expect((await add(carl, name, bind(OWNER, 'user:bob'))).status).toBe(200);
  });

  it('does not keep for good what they hold for a while', async () => {
    const { name, carl, me } = await scene('roles/logging.viewer');
    const condition = "request.time < timestamp('2026-06-01T00:00:00Z')";
    await admin.ok('POST', `${name}:setIamPolicy`, {
      policy: { ...(await read(admin, name)), version: 3, bindings: [bind(REPO_ADMIN, me, condition)] },
    });
    expect((await carl.send('GET', name)).status).toBe(200);
    expect(await refusal(await add(carl, name, bind(REPO_ADMIN, me)))).toMatchObject(lacking(REPO_ADMIN));
    expect(await refusal(await add(carl, name, bind(READER, 'user:bob')))).toMatchObject(lacking(READER));
    expect(await refusal(await add(carl, name, bind(READER, 'user:bob', 'true')))).toMatchObject(
      lacking(READER),
    );
    expect((await add(carl, name, bind(READER, 'user:bob', condition))).status).toBe(200);
    // Without its condition, the binding is another.
    const policy = await read(admin, name);
    const bindings = policy.bindings.map(({ role, members }: Json) => ({ role, members }));
    const freed = await carl.send('POST', `${name}:setIamPolicy`, {
      policy: { ...policy, version: 3, bindings },
    });
    expect(await refusal(freed)).toMatchObject({ status: 403 });
  });

  it('does not reach above it, nor beside it', async () => {
    const { carl } = await scene();
    for (const name of [PROJECT, 'organizations/entrepot', `${LOCATION}/repositories/images`])
      expect((await add(carl, name, bind(READER, 'user:bob'))).status).toBe(403);
  });
});

const role = (id: string) => `${PROJECT}/roles/${id}`;

describe('custom roles', () => {
  it('do not grow beyond what their maker holds where they are bound', async () => {
    const { carl, name, me } = await scene();
    await server.grant(PROJECT, 'roles/iam.roleAdmin', me);
    const create = (roleId: string, includedPermissions: readonly string[]) =>
      carl.ok('POST', `${PROJECT}/roles`, { roleId, role: { title: roleId, includedPermissions } });
    const patch = (roleId: string, includedPermissions: readonly string[]) =>
      carl.send('PATCH', `${role(roleId)}?updateMask=includedPermissions`, { includedPermissions });
    const held = 'artifactregistry.repositories.get';
    const more = 'resourcemanager.projects.setIamPolicy';

    // One that is bound to nobody may have anything, and cannot be bound by whoever lacks it.
    await create('Dreams', [held, more]);
    expect(await refusal(await add(carl, name, bind(role('Dreams'), me)))).toMatchObject(
      lacking(role('Dreams')),
    );

    await create('Modest', [held]);
    expect((await add(carl, name, bind(role('Modest'), me))).status).toBe(200);
    expect(await refusal(await patch('Modest', [held, more]))).toMatchObject({
      status: 403,
      message: expect.stringContaining(`You may not add to ${role('Modest')}: it is granted on ${name}`),
    });
    expect((await patch('Modest', [held, 'artifactregistry.tags.get'])).status).toBe(200);

    // Nor by a detour: deleted, or disabled, and back.
    await server.grant(PROJECT, role('Dreams'), 'user:bob');
    await admin.ok('DELETE', role('Dreams'));
    expect((await carl.send('POST', `${role('Dreams')}:undelete`, {})).status).toBe(403);
    await admin.ok('POST', `${role('Dreams')}:undelete`, {});
    await admin.ok('PATCH', `${role('Dreams')}?updateMask=stage`, { stage: 'DISABLED' });
    expect((await carl.send('PATCH', `${role('Dreams')}?updateMask=stage`, { stage: 'GA' })).status).toBe(
      403,
    );
    expect((await carl.send('PATCH', `${role('Dreams')}?updateMask=title`, { title: 'x' })).status).toBe(200);
  });
});
