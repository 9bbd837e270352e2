import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, LOCATION } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const named = (id: string, location = LOCATION): string => `${location}/repositories/${id}`;
const create = (id: string, members: readonly string[] = [], location = LOCATION) =>
  admin.ok('POST', `${location}/repositories?repositoryId=${id}`, {
    format: 'DOCKER',
    ...(members.length > 0 && {
      mode: 'VIRTUAL_REPOSITORY',
      virtualRepositoryConfig: {
        upstreamPolicies: members.map((repository, at) => ({ id: `m${at}`, repository, priority: at + 1 })),
      },
    }),
  });

describe('a member of virtual repositories', () => {
  it('is not deleted while those of its project are made of it, and is then', async () => {
    await create('own');
    await create('team', [named('images'), named('own')]);

    expect(await admin.refused('DELETE', named('own'))).toMatchObject({
      status: 400,
      code: 'FAILED_PRECONDITION',
      message: `${named('own')} is a member of ${named('team')}; take it out of their upstreamPolicies first`,
    });

    await admin.ok('PATCH', `${named('team')}?updateMask=virtualRepositoryConfig`, {
      virtualRepositoryConfig: { upstreamPolicies: [{ id: 'a', repository: named('images'), priority: 1 }] },
    });
    await admin.ok('DELETE', named('own'));
  });

  it('is deleted though another project’s is made of it', async () => {
    const theirs = 'projects/their-project/locations/europe-west1';
    await server.repository('first', { project: 'their-project', location: 'europe-west1' });
    await create('lent');
    await create('borrowing', [named('lent')], theirs);

    await admin.ok('DELETE', named('lent'));

    expect((await admin.get(named('borrowing', theirs))).mode).toBe('VIRTUAL_REPOSITORY');
  });

  it('may be deleted with everything, the virtual repository first', async () => {
    await create('part');
    await create('whole', [named('part')]);

    await admin.ok('DELETE', named('whole'));
    await admin.ok('DELETE', named('part'));
  });
});
