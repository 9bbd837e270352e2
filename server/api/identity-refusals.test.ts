import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { sha256 } from '../iam/tokens.ts';
import { ApiCaller } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';

interface Row {
  readonly method: string;
  readonly path: (id: string) => string;
  readonly body?: object;
}

const rows: readonly Row[] = [
  { method: 'GET', path: () => 'users' },
  { method: 'POST', path: (id) => `users?userId=${id}`, body: {} },
  { method: 'GET', path: (id) => `users/${id}` },
  { method: 'PATCH', path: (id) => `users/${id}`, body: { displayName: 'x' } },
  { method: 'DELETE', path: (id) => `users/${id}` },
  { method: 'POST', path: (id) => `users/${id}:disable`, body: {} },
  { method: 'POST', path: (id) => `users/${id}:enable`, body: {} },
  { method: 'POST', path: (id) => `users/${id}:removePassword`, body: {} },
  { method: 'POST', path: (id) => `users/${id}:setPassword`, body: { password: 'a new password' } },
  { method: 'GET', path: (id) => `users/${id}/tokens` },
  { method: 'POST', path: (id) => `users/${id}/tokens`, body: { displayName: 'x' } },
  { method: 'GET', path: (id) => `users/${id}/tokens/some` },
  { method: 'DELETE', path: (id) => `users/${id}/tokens/some` },
  { method: 'GET', path: () => 'groups' },
  { method: 'POST', path: (id) => `groups?groupId=${id}`, body: {} },
  { method: 'GET', path: (id) => `groups/${id}` },
  { method: 'PATCH', path: (id) => `groups/${id}`, body: { displayName: 'x' } },
  { method: 'DELETE', path: (id) => `groups/${id}` },
  { method: 'GET', path: (id) => `groups/${id}/memberships` },
  { method: 'POST', path: (id) => `groups/${id}/memberships`, body: { member: 'user:admin' } },
  { method: 'GET', path: (id) => `groups/${id}/memberships/admin` },
  { method: 'DELETE', path: (id) => `groups/${id}/memberships/admin` },
];

const ROBOT = 'robot@my-project.iam.gserviceaccount.com';
let server: TestServer;
let callers: Readonly<Record<string, ApiCaller>>;
beforeAll(async () => {
  server = await TestServer.start();
  const admin = new ApiCaller(server);
  await admin.ok('POST', 'users?userId=known', {});
  await admin.ok('POST', 'groups?groupId=known', {});
  await admin.ok('POST', 'groups/known/memberships', { member: 'user:admin' });
  await server.accounts.put({ id: ROBOT, kind: 'service-account', project: 'my-project' });
  await server.grant('projects/my-project', 'roles/owner', `serviceAccount:${ROBOT}`);
  await server.tokens.addToken(sha256('ent_robot'), {
    id: 'robot',
    kind: 'service-account',
    of: ROBOT,
    expiresAt: server.clock.now() + 1_000_000,
  });
  const owner = await server.account('owner', ['/']);
  const { token } = await new ApiCaller(server, owner).ok('POST', 'users/me/tokens', {
    displayName: 'all repositories, no people',
    scope: { actions: ['READ', 'WRITE', 'DELETE'] },
  });
  callers = {
    nobody: new ApiCaller(server, null),
    'a user': new ApiCaller(server, await server.account('anyone', ['projects/my-project'])),
    'a service account': new ApiCaller(server, 'Bearer ent_robot'),
    'a limited token of an owner': new ApiCaller(server, `Bearer ${token}`),
  };
});
afterAll(() => server[Symbol.asyncDispose]());

describe.each(['nobody', 'a user', 'a service account', 'a limited token of an owner'])('%s', (who) => {
  it.each(rows)('%# is refused the same for what is there and for what is not', async (row) => {
    const { method, path, body } = row;
    const [there, absent] = await Promise.all(
      ['known', 'absent'].map(async (id) => {
        const answer = await callers[who]?.send(method, path(id), body);
        return { status: answer?.status, text: await answer?.text() };
      }),
    );
    expect({ path: path('known'), ...there }).toEqual({
      path: path('known'),
      status: who === 'nobody' ? 401 : 403,
      text: absent?.text,
    });
    expect(absent?.status).toBe(there?.status);
  });
});
