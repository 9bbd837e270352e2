import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, PROJECT } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';

const ACCOUNTS = `${PROJECT}/serviceAccounts`;
const DOMAIN = 'my-project.iam.gserviceaccount.com';

let server: TestServer;
let api: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  api = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const create = (accountId: string, serviceAccount = {}) =>
  api.ok('POST', ACCOUNTS, { accountId, serviceAccount });

describe('a service account', () => {
  it('is made with what Google answers', async () => {
    const made = await create('builder', { displayName: 'Builds', description: 'for the shop' });

    expect(made).toEqual({
      name: `${ACCOUNTS}/builder@${DOMAIN}`,
      projectId: 'my-project',
      uniqueId: expect.stringMatching(/^1\d{20}$/),
      email: `builder@${DOMAIN}`,
      displayName: 'Builds',
      etag: expect.stringMatching(/^[\w+/]{12}$/),
      description: 'for the shop',
      oauth2ClientId: made.uniqueId,
    });
    expect(await api.get(`${ACCOUNTS}/builder@${DOMAIN}`)).toEqual(made);
    expect((await api.refused('POST', ACCOUNTS, { accountId: 'builder' })).status).toBe(409);
  });

  it('goes by several names', async () => {
    const made = await create('many-names');
    const names = [
      `${ACCOUNTS}/${made.uniqueId}`,
      `projects/-/serviceAccounts/${made.uniqueId}`,
      `projects/-/serviceAccounts/${made.email}`,
      `${ACCOUNTS}/${encodeURIComponent(made.email)}`,
    ];
    for (const name of names) expect(await api.get(name)).toEqual(made);
    expect((await api.refused('GET', `projects/other-one/serviceAccounts/${made.email}`)).status).toBe(404);
    expect((await api.refused('GET', `projects/other-one/serviceAccounts/${made.uniqueId}`)).status).toBe(
      404,
    );
  });

  it('of a project of a domain has the domain in its e-mail', async () => {
    await server.repository('images', { project: 'example.com:tools' });

    const made = await api.ok('POST', 'projects/example.com:tools/serviceAccounts', { accountId: 'deploy' });
    expect(made.email).toBe('deploy@tools.example.com.iam.gserviceaccount.com');
    expect(await api.get(`projects/-/serviceAccounts/${made.email}`)).toEqual(made);
  });

  it.each(['', 'short', 'Upper-case', '1-starts-badly', 'ends-badly-', 'a'.repeat(31), 'an@at', 'with.dot'])(
    'is not called %p',
    async (accountId) => {
      expect(await api.refused('POST', ACCOUNTS, { accountId })).toMatchObject({
        status: 400,
        field: 'account_id',
      });
    },
  );

  it.each([
    [{ displayName: 'é'.repeat(51) }, 'service_account.display_name'],
    [{ description: 'x'.repeat(257) }, 'service_account.description'],
  ])('has no longer texts than Google’s', async (serviceAccount, field) => {
    const refused = await api.refused('POST', ACCOUNTS, { accountId: 'long-text', serviceAccount });
    expect(refused).toMatchObject({ status: 400, field });
  });

  it('is changed as far as a mask says, or as a whole', async () => {
    const { name, etag } = await create('changing', { displayName: 'one', description: 'two' });

    const patched = await api.ok('PATCH', name, {
      serviceAccount: { displayName: 'three', description: 'not in the mask', email: 'ignored' },
      updateMask: 'displayName',
    });
    expect(patched).toMatchObject({ displayName: 'three', description: 'two' });
    expect(patched.etag).not.toBe(etag);

    const stale = await api.refused('PUT', name, { displayName: 'late', etag });
    expect(stale).toMatchObject({ status: 409, code: 'ABORTED' });
    const put = await api.ok('PUT', name, { displayName: 'four', etag: patched.etag });
    expect(put).toMatchObject({ displayName: 'four' });
    expect(put.description).toBe(undefined);
    expect(await api.get(name)).toEqual(put);
  });

  it('is disabled and enabled', async () => {
    const { name } = await create('switched');
    expect(await api.ok('POST', `${name}:disable`, {})).toEqual({});
    expect((await api.get(name)).disabled).toBe(true);
    await api.ok('POST', `${name}:enable`, {});
    expect((await api.get(name)).disabled).toBe(undefined);
  });

  it('is listed page by page', async () => {
    await server.repository('images', { project: 'listed-here' });
    const parent = 'projects/listed-here/serviceAccounts';
    for (const accountId of ['one-one', 'two-two', 'three-three'])
      await api.ok('POST', parent, { accountId });

    const { items, pages } = await api.pages(`${parent}?pageSize=2`, 'accounts');

    expect(pages).toBe(2);
    expect(items.map(({ email }) => email.split('@')[0])).toEqual(['one-one', 'three-three', 'two-two']);
    expect((await api.refused('GET', 'projects/-/serviceAccounts')).status).toBe(404);
  });

  it('that goes is nobody in policies, also when its name is used again', async () => {
    const before = await create('recreated');
    const member = `serviceAccount:${before.email}`;
    await server.grant(PROJECT, 'roles/viewer', member);
    await server.grant(before.name, 'roles/iam.serviceAccountUser', 'user:ann');

    await api.ok('DELETE', before.name);

    const gone = `deleted:${member}?uid=${before.uniqueId}`;
    const { bindings } = await api.ok('POST', `${PROJECT}:getIamPolicy`, {});
    expect(bindings).toContainEqual({ role: 'roles/viewer', members: [gone] });
    const { uniqueId } = await create('recreated');
    expect(uniqueId).not.toBe(before.uniqueId);
    expect((await api.get(`${before.name}:getIamPolicy`)).bindings).toBe(undefined);
    expect((await api.refused('GET', `projects/-/serviceAccounts/${before.uniqueId}`)).status).toBe(404);
  });

  it('goes with its project', async () => {
    await api.ok('POST', 'projects', { projectId: 'going-away' });
    const made = await api.ok('POST', 'projects/going-away/serviceAccounts', { accountId: 'leaving' });
    await api.ok('POST', `${made.name}/keys`, {});
    const member = `serviceAccount:${made.email}`;
    await server.grant(PROJECT, 'roles/artifactregistry.reader', member);

    await api.ok('DELETE', 'projects/going-away');

    const { bindings } = await api.ok('POST', `${PROJECT}:getIamPolicy`, {});
    const members = bindings.flatMap((binding: { members: string[] }) => binding.members);
    expect(members).toContain(`deleted:${member}?uid=${made.uniqueId}`);
    expect(members).not.toContain(member);
  });

  it('is told by no name to those who may not know it', async () => {
    const made = await create('unknown-to-many');
    const stranger = new ApiCaller(server, await server.account('stranger'));
    const questions = (account: string) =>
      Promise.all(
        [
          ['GET', ''],
          ['DELETE', ''],
          ['POST', ':disable'],
          ['GET', '/keys'],
          ['POST', '/keys'],
          ['POST', ':generateAccessToken'],
          ['POST', ':getIamPolicy'],
        ].map(async ([method = '', rest = '']) => {
          const path = `projects/-/serviceAccounts/${account}${rest}`;
          const answer = await stranger.send(method, path, method === 'POST' ? {} : undefined);
          return { status: answer.status, text: (await answer.text()).replaceAll(account, 'IT') };
        }),
      );

    expect(await questions(made.email)).toEqual(await questions(`nobody-here@${DOMAIN}`));
    expect(await questions(made.uniqueId)).toEqual(await questions('123456789012345678901'));
    for (const { status, text } of await questions(made.uniqueId)) {
      expect(status).toBe(403);
      expect(text).not.toContain('unknown-to-many');
    }
  });

  it('is not known to owners of other projects by being enabled as if it were theirs', async () => {
    const { email } = await create('not-of-theirs');
    await server.grant(PROJECT, 'roles/owner', `serviceAccount:${email}`);
    await api.ok('POST', 'projects', { projectId: 'other-project' });
    const as = await server.account('other-owner', ['projects/other-project']);
    const key = 'a'.repeat(40);
    const answers = (name: string) =>
      Promise.all(
        [':enable', ':disable', `/keys/${key}:enable`, '/keys:upload'].map(async (method) => {
          const path = `projects/other-project/serviceAccounts/${name}${method}`;
          const answer = await new ApiCaller(server, as).send('POST', path, {});
          return { status: answer.status, text: (await answer.text()).replaceAll(name, 'IT') };
        }),
      );

    expect(await answers(email)).toEqual(await answers(`nobody-here@${DOMAIN}`));
  });

  it('has an entry in the audit log for each change, under its own name', async () => {
    const { uniqueId, name } = await create('recorded');
    await api.ok('POST', `projects/-/serviceAccounts/${uniqueId}/keys`, {});

    const rows = await server.database.read
      .selectFrom('audit_entry')
      .select(['service', 'method', 'resource', 'project', 'details', 'response'])
      .where('resource', 'like', `${name}%`)
      .execute();

    expect(rows).toMatchObject([
      { service: 'iam.googleapis.com', method: 'google.iam.admin.v1.CreateServiceAccountKey' },
    ]);
    expect(rows[0]?.project).toBe('my-project');
    expect(JSON.stringify(rows)).not.toContain('PRIVATE');
  });
});
