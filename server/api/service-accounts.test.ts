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
    expect((await api.refused('GET', `projects/other-one/serviceAccounts/${made.uniqueId}`)).status).toBe(404);
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
});
