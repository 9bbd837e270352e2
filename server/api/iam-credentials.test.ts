import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, type Json, PROJECT, type Refusal } from '../testing/api.ts';
import { basic, TestServer } from '../testing/harness.ts';
import { TestServiceAccount } from '../testing/service-account.ts';

const SCOPE = ['https://www.googleapis.com/auth/cloud-platform'];
const CREATOR = 'roles/iam.serviceAccountTokenCreator';
const HOUR_MS = 3_600_000;

let server: TestServer;
let admin: ApiCaller;
/** An access token of an owner of everything. */
let owner: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
  owner = new ApiCaller(server, await server.account('owner', ['/']));
});
afterAll(() => server[Symbol.asyncDispose]());

let made = 0;
const account = async (): Promise<{
  readonly name: string;
  readonly email: string;
  readonly any: string;
}> => {
  made += 1;
  const { name, email } = await admin.ok('POST', `${PROJECT}/serviceAccounts`, {
    accountId: `target-${made}`,
  });
  return { name, email, any: `projects/-/serviceAccounts/${email}` };
};
/** A user with a role on some service accounts. */
const user = async (role: string, ...on: readonly { readonly name: string }[]): Promise<string> => {
  made += 1;
  const as = await server.account(`user-${made}`);
  for (const { name } of on) await server.grant(name as `projects/${string}`, role, `user:user-${made}`);
  return as;
};
const generate = (by: ApiCaller, target: { readonly any: string }, body: object = {}): Promise<Json> =>
  by.ok('POST', `${target.any}:generateAccessToken`, { scope: SCOPE, ...body });
const refused = (by: ApiCaller, target: { readonly any: string }, body: object = {}): Promise<Refusal> =>
  by.refused('POST', `${target.any}:generateAccessToken`, { scope: SCOPE, ...body });
/** What reading the account itself answers to a credential of it, which everybody may who may read accounts. */
const reading = async (token: string): Promise<number> =>
  (await server.send('GET', '/v1/projects/my-project', { as: `Bearer ${token}` })).status;

describe('generateAccessToken', () => {
  it('answers a token of the account, which can do what the account can', async () => {
    const target = await account();
    await server.grant(PROJECT, 'roles/viewer', `serviceAccount:${target.email}`);
    const by = new ApiCaller(server, await user(CREATOR, target));

    const answer = await generate(by, target, { lifetime: '600s' });

    expect(answer).toEqual({
      accessToken: expect.stringMatching(/^ent_/),
      expireTime: new Date(server.clock.now() + 600_000).toISOString(),
    });
    expect(await reading(answer.accessToken)).toBe(200);
    const as = `Bearer ${answer.accessToken}`;
    expect((await new ApiCaller(server, as).refused('DELETE', target.name)).status).toBe(403);
    const entry = await server.database.read
      .selectFrom('audit_entry')
      .select(['service', 'method', 'resource', 'email'])
      .where('resource', '=', target.name)
      .where('service', '=', 'iamcredentials.googleapis.com')
      .executeTakeFirst();
    expect(entry).toMatchObject({ method: 'GenerateAccessToken', email: `user-${made}` });
  });

  it('is good for an hour when nothing is said', async () => {
    const { expireTime } = await generate(owner, await account());
    expect(Date.parse(expireTime) - server.clock.now()).toBe(HOUR_MS);
  });

  it.each([
    ['longer than an hour', { lifetime: '43200s' }, 'lifetime'],
    ['no time at all', { lifetime: '0s' }, 'lifetime'],
    ['a negative time', { lifetime: '-5s' }, 'lifetime'],
    ['a time that is none', { lifetime: 'soon' }, 'lifetime'],
    ['no scope', { scope: [] }, 'scope'],
    ['too many delegates', { delegates: Array(5).fill('a@b') }, 'delegates'],
    ['a delegate that is none', { delegates: ['users/ann'] }, 'delegates'],
  ])('is not possible for %s', async (_, body, field) => {
    expect(await refused(owner, await account(), body)).toMatchObject({ status: 400, field });
  });

  it.each([
    'roles/iam.serviceAccountUser',
    'roles/iam.serviceAccountKeyAdmin',
    'roles/viewer',
    'roles/editor',
  ])('is not for holders of %s', async (role) => {
    const target = await account();
    const by = new ApiCaller(server, await user(role, target));
    expect(await refused(by, target)).toMatchObject({ status: 403, reason: 'IAM_PERMISSION_DENIED' });
  });

  it('is not for holders of the right on another account, nor for nobody', async () => {
    const [target, other] = [await account(), await account()];
    const by = new ApiCaller(server, await user(CREATOR, other));
    expect((await refused(by, target)).status).toBe(403);
    expect((await refused(new ApiCaller(server, null), target)).status).toBe(401);
  });

  it('is not possible for an account that is disabled, or not there', async () => {
    const target = await account();
    await admin.ok('POST', `${target.name}:disable`, {});
    expect(await refused(owner, target)).toMatchObject({ status: 400, reason: 'SERVICE_ACCOUNT_DISABLED' });
    await admin.ok('DELETE', target.name);
    expect((await refused(owner, target)).status).toBe(404);
  });

  it('is not for a password, with which nothing ends', async () => {
    const answer = await refused(admin, await account());
    expect(answer).toMatchObject({ status: 400, reason: 'ACCESS_TOKEN_NEEDED' });
  });

  it('is limited as the credential is that it was got with', async () => {
    const target = await account();
    await server.grant(PROJECT, 'roles/editor', `serviceAccount:${target.email}`);
    const by = await user(CREATOR, target);
    const scope = ['https://www.googleapis.com/auth/cloud-platform.read-only'];
    const { accessToken } = await generate(new ApiCaller(server, by), target, { scope });

    const reader = new ApiCaller(server, `Bearer ${accessToken}`);
    await reader.get(PROJECT);
    const create = `${PROJECT}/locations/us/repositories?repositoryId=made-by-a-reader`;
    expect((await reader.refused('POST', create, { format: 'DOCKER' })).status).toBe(403);
  });

  it('lives no longer than what it was got with', async () => {
    const caller = await TestServiceAccount.make(server, 'short-parent');
    const target = await account();
    await server.grant(target.name as 'projects/-', CREATOR, `serviceAccount:${caller.email}`);
    const jwt = await caller.sign({ aud: 'https://iamcredentials.googleapis.com/', exp: caller.now + 300 });

    const { expireTime } = await generate(new ApiCaller(server, `Bearer ${jwt}`), target);

    expect(Date.parse(expireTime) - server.clock.now()).toBe(300_000);
  });
});

describe('a chain of delegates', () => {
  it('is as strong as each of its links', async () => {
    const [first, second, target] = [await account(), await account(), await account()];
    const as = await user(CREATOR, first);
    const by = new ApiCaller(server, as);
    const delegates = [first.any, second.email];
    const status = async () =>
      (await by.send('POST', `${target.any}:generateAccessToken`, { scope: SCOPE, delegates })).status;

    expect(await status()).toBe(403);
    await server.grant(second.name as 'projects/-', CREATOR, `serviceAccount:${first.email}`);
    expect(await status()).toBe(403);
    await server.grant(target.name as 'projects/-', CREATOR, `serviceAccount:${second.email}`);
    expect(await status()).toBe(200);
    expect((await refused(by, target)).status).toBe(403);
    expect((await refused(by, target, { delegates: [second.any] })).status).toBe(403);

    await admin.ok('POST', `${first.name}:disable`, {});
    expect(await status()).toBe(403);
  });
});

describe('a delegate of another project', () => {
  it('is not there, for whoever may act as all accounts of their own project', async () => {
    await admin.ok('POST', 'projects', { projectId: 'near-project' });
    const [victim, target] = [await account(), await account()];
    await server.grant(target.name as 'projects/-', CREATOR, `serviceAccount:${victim.email}`);
    made += 1;
    const as = await server.account(`user-${made}`);
    await server.grant('projects/near-project', CREATOR, `user:user-${made}`);
    const by = new ApiCaller(server, as);

    for (const name of [victim.email, 'nobody@my-project.iam.gserviceaccount.com']) {
      const delegates = [`projects/near-project/serviceAccounts/${name}`];
      expect(await refused(by, target, { delegates })).toMatchObject({ status: 403 });
    }
  });
});

/** A token that was got with one that was got with the caller's. */
const chain = async (by: ApiCaller) => {
  const [middle, target] = [await account(), await account()];
  await server.grant(PROJECT, 'roles/viewer', `serviceAccount:${target.email}`);
  await server.grant(target.name as 'projects/-', CREATOR, `serviceAccount:${middle.email}`);
  const first = await generate(by, middle);
  const second = await generate(new ApiCaller(server, `Bearer ${first.accessToken}`), target);
  expect(await reading(second.accessToken)).toBe(200);
  return { token: second.accessToken as string, middle, target };
};

describe('a token of another', () => {
  it('ends with the key at the beginning of it', async () => {
    for (const shown of ['token', 'key file', 'self-signed'] as const) {
      made += 1;
      const caller = await TestServiceAccount.make(server, `beginning-${made}`);
      await server.grant('/', 'roles/owner', `serviceAccount:${caller.email}`);
      const as = {
        token: () => caller.authorization(),
        'key file': () => basic('_json_key', JSON.stringify(caller.file)),
        'self-signed': async () => `Bearer ${await caller.sign({ scope: SCOPE[0] })}`,
      }[shown];
      const { token } = await chain(new ApiCaller(server, await as()));
      await admin.ok('DELETE', caller.keyName);
      expect(await reading(token)).toBe(401);
    }
  });

  it('ends with the account at the beginning, in the middle or at the end', async () => {
    const caller = await TestServiceAccount.make(server, 'beginning');
    await server.grant('/', 'roles/owner', `serviceAccount:${caller.email}`);
    const by = new ApiCaller(server, await caller.authorization());
    const [one, two, three] = [await chain(by), await chain(by), await chain(by)];
    await admin.ok('POST', `${one.middle.name}:disable`, {});
    await admin.ok('DELETE', two.target.name);
    expect([await reading(one.token), await reading(two.token), await reading(three.token)]).toEqual([
      401, 401, 200,
    ]);
    await admin.ok('DELETE', caller.name);
    expect(await reading(three.token)).toBe(401);
  });

  it('ends when the user at its beginning is disabled', async () => {
    const as = await server.account('leaving', ['/']);
    const { token } = await chain(new ApiCaller(server, as));
    await admin.ok('POST', 'users/leaving:disable', {});
    expect(await reading(token)).toBe(401);
  });
});
