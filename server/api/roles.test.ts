import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, type Json, PROJECT } from '../testing/api.ts';
import { basic, TestServer } from '../testing/harness.ts';

const ORGANIZATION = 'organizations/entrepot';
const GET = 'artifactregistry.tags.get';
const CREATE = 'artifactregistry.tags.create';

let server: TestServer;
let admin: ApiCaller;
let bob: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
  await server.account('bob');
  bob = new ApiCaller(server, basic('bob', "bob's password"));
});
afterAll(() => server[Symbol.asyncDispose]());

const create = (roleId: string, role: Json = {}, parent: string = PROJECT): Promise<Json> =>
  admin.ok('POST', `${parent}/roles`, { roleId, role });

/** Whether bob sees the project. */
const sees = async () => (await bob.send('GET', PROJECT)).status === 200;
const ask = async (method: string, collection: string, fullResourceName: string) => {
  const answer = await bob.ok('POST', method, { fullResourceName, pageSize: 1000 });
  return (answer[collection] as readonly Json[]).map(({ name }) => name as string);
};

describe.each([PROJECT, ORGANIZATION])('a custom role of %s', (parent) => {
  it('is what it was created as', async () => {
    const role = {
      title: 'Tagger',
      description: 'Tags.',
      stage: 'GA',
      includedPermissions: [GET, CREATE, GET],
    };
    const name = `${parent}/roles/Tagger`;
    const created = await create('Tagger', role, parent);
    expect(created).toEqual({
      ...role,
      name,
      includedPermissions: [CREATE, GET],
      etag: expect.any(String),
    });
    expect(await admin.get(name)).toEqual(created);
    const { includedPermissions: _, ...basics } = created;
    expect(await admin.get(`${parent}/roles`)).toEqual({ roles: [basics] });
    expect(await admin.get(`${parent}/roles?view=FULL`)).toEqual({ roles: [created] });
  });

  it('is changed by its mask, and only as it was known', async () => {
    const name = `${parent}/roles/Changed`;
    const { etag } = await create('Changed', { title: 'T', includedPermissions: [GET] }, parent);
    const changed = await admin.ok('PATCH', `${name}?updateMask=includedPermissions`, {
      etag,
      includedPermissions: [CREATE],
      title: 'ignored',
    });
    expect(changed).toMatchObject({ title: 'T', includedPermissions: [CREATE] });
    expect(await admin.refused('PATCH', `${name}?updateMask=title`, { etag, title: 'x' })).toMatchObject({
      status: 409,
      code: 'ABORTED',
    });
    expect(await admin.refused('DELETE', `${name}?etag=${encodeURIComponent(etag)}`)).toMatchObject({
      status: 409,
    });
    expect(await admin.ok('PATCH', name, { title: 'Whole' })).toEqual({
      name,
      title: 'Whole',
      stage: 'ALPHA',
      etag: expect.any(String),
    });
  });

  it('gives what it has while it is neither deleted nor disabled', async () => {
    const name = `${parent}/roles/Given`;
    await create('Given', { includedPermissions: ['resourcemanager.projects.get'] }, parent);
    await server.grant(PROJECT, name, 'user:bob');
    expect(await sees()).toBe(true);
    await admin.ok('PATCH', `${name}?updateMask=stage`, { stage: 'DISABLED' });
    expect(await sees()).toBe(false);
    await admin.ok('PATCH', `${name}?updateMask=stage`, { stage: 'GA' });
    expect(await sees()).toBe(true);
    await admin.ok('DELETE', name);
    expect(await sees()).toBe(false);
    expect(await admin.refused('PATCH', name, { title: 'x' })).toMatchObject({ code: 'FAILED_PRECONDITION' });
    expect(await admin.refused('DELETE', name)).toMatchObject({ code: 'FAILED_PRECONDITION' });
    expect(await admin.refused('POST', `${parent}/roles`, { roleId: 'Given' })).toMatchObject({
      status: 409,
      message: `A role named ${name} was deleted. Undelete it, or choose another id.`,
    });
    await admin.ok('POST', `${name}:undelete`, {});
    expect(await sees()).toBe(true);
    expect(await admin.refused('POST', `${name}:undelete`, {})).toMatchObject({
      code: 'FAILED_PRECONDITION',
    });
    await admin.ok('DELETE', name);
  });

  const wrong: readonly (readonly [says: string, body: Json, message: string])[] = [
    ['no id', { role: {} }, 'role_id must be'],
    ['a short id', { roleId: 'ab' }, 'role_id must be'],
    ['a strange id', { roleId: 'a-b-c' }, 'role_id must be'],
    ['a long id', { roleId: 'x'.repeat(65) }, 'role_id must be'],
    [
      'an unknown permission',
      { roleId: 'Bad', role: { includedPermissions: ['a.b.c'] } },
      'Permission a.b.c is not valid.',
    ],
    ['a pattern', { roleId: 'Bad', role: { includedPermissions: ['artifactregistry.*'] } }, 'is not valid'],
    ['a long title', { roleId: 'Bad', role: { title: 'x'.repeat(101) } }, 'at most 100'],
    ['a long description', { roleId: 'Bad', role: { description: 'x'.repeat(301) } }, 'at most 300'],
    ['an unknown stage', { roleId: 'Bad', role: { stage: 'SOON' } }, 'role.stage'],
  ];
  it.each(wrong)('with %s is refused', async (_, body, message) => {
    expect(await admin.refused('POST', `${parent}/roles`, body)).toMatchObject({
      status: 400,
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message),
    });
    expect((await admin.send('GET', `${parent}/roles/Bad`)).status).toBe(404);
  });

  it('needs a right for each thing that is done with it', async () => {
    await create('Guarded', {}, parent);
    const name = `${parent}/roles/Guarded`;
    for (const [method, path, body] of [
      ['GET', `${parent}/roles`],
      ['POST', `${parent}/roles`, { roleId: 'Another' }],
      ['GET', name],
      ['PATCH', name, {}],
      ['DELETE', name],
      ['POST', `${name}:undelete`, {}],
    ] as const)
      expect(await bob.refused(method, path, body)).toMatchObject({ status: 403 });
  });
});

describe('a custom role', () => {
  it('of a project cannot give what is held on the installation alone', async () => {
    const role = { includedPermissions: ['resourcemanager.organizations.setIamPolicy'] };
    expect(await admin.refused('POST', `${PROJECT}/roles`, { roleId: 'High', role })).toMatchObject({
      message: expect.stringContaining('cannot be held on projects/my-project'),
    });
    await create('High', role, ORGANIZATION);
  });

  it('is good in its project only', async () => {
    await create('Local', { includedPermissions: [GET] });
    await server.repository('elsewhere', { project: 'other-project' });
    const bindings = [{ role: `${PROJECT}/roles/Local`, members: ['user:bob'] }];
    for (const name of ['projects/other-project', ORGANIZATION]) {
      const { etag } = await admin.get(`${name}:getIamPolicy`);
      expect(
        await admin.refused('POST', `${name}:setIamPolicy`, { policy: { etag, bindings } }),
      ).toMatchObject({
        message: expect.stringContaining('is not supported for this resource'),
      });
    }
  });

  it('goes with its project', async () => {
    await server.repository('gone', { project: 'going-project' });
    await create('Kept', {}, 'projects/going-project');
    await admin.ok('DELETE', 'projects/going-project/locations/us-central1/repositories/gone');
    await admin.ok('DELETE', 'projects/going-project');
    expect((await admin.send('GET', 'projects/going-project/roles')).status).toBe(404);
    await server.repository('back', { project: 'going-project' });
    expect(await admin.get('projects/going-project/roles?showDeleted=true')).toEqual({});
  });

  it('is listed page by page', async () => {
    await server.repository('many', { project: 'many-roles' });
    for (const id of ['One', 'Two', 'Three']) await create(id, {}, 'projects/many-roles');
    const { items, pages } = await admin.pages('projects/many-roles/roles?pageSize=2', 'roles');
    expect(pages).toBe(2);
    expect(items.map(({ name }) => name)).toEqual(
      ['One', 'Three', 'Two'].map((id) => `projects/many-roles/roles/${id}`),
    );
  });

  it('of one name is created once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => admin.send('POST', `${PROJECT}/roles`, { roleId: 'Raced' })),
    );
    expect(answers.map(({ status }) => String(status)).sort()).toEqual(['200', '409', '409', '409']);
  });
});

describe('predefined roles', () => {
  it('are shown to every account', async () => {
    const { items } = await bob.pages('roles?pageSize=10', 'roles');
    expect(items.map(({ name }) => name)).toContain('roles/artifactregistry.reader');
    expect(items[0]).not.toHaveProperty('includedPermissions');
    expect(await bob.get('roles/artifactregistry.attachmentReader')).toEqual({
      name: 'roles/artifactregistry.attachmentReader',
      title: 'Artifact Registry Attachment Reader',
      description: 'Reads what is attached to artifacts.',
      includedPermissions: [
        'artifactregistry.attachments.get',
        'artifactregistry.attachments.list',
        'artifactregistry.files.download',
      ],
      stage: 'GA',
      etag: 'AA==',
    });
    expect((await bob.refused('GET', 'roles/none')).status).toBe(404);
    expect((await new ApiCaller(server, null).refused('GET', 'roles')).status).toBe(401);
  });

  it('and their permissions are told by what they can be for', async () => {
    const permissions = (name: string) =>
      ask('permissions:queryTestablePermissions', 'permissions', `//example.googleapis.com/${name}`);
    const repository = await permissions(`${PROJECT}/locations/us/repositories/r`);
    expect(repository.every((name) => name.startsWith('artifactregistry.'))).toBe(true);
    expect(await permissions(`${PROJECT}/serviceAccounts/a@b.c`)).toContain('iam.serviceAccounts.actAs');
    expect(await permissions(PROJECT)).not.toContain('entrepot.users.create');
    expect(await permissions(ORGANIZATION)).toContain('entrepot.users.create');
    const grantable = await ask(
      'roles:queryGrantableRoles',
      'roles',
      `${PROJECT}/locations/us/repositories/r`,
    );
    expect(grantable).toContain('roles/artifactregistry.reader');
    expect(grantable).not.toContain('roles/entrepot.userAdmin');
    for (const fullResourceName of ['', 'folders/1', 'projects/a/b', '//x/organizations/other'])
      expect(
        await bob.refused('POST', 'permissions:queryTestablePermissions', { fullResourceName }),
      ).toMatchObject({ status: 400, field: 'full_resource_name' });
  });
});
