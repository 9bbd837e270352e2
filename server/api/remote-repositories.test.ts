import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, type Json, LOCATION } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start(['--domain', 'registry.example']);
  admin = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const creating = (id: string) => `${LOCATION}/repositories?repositoryId=${id}`;
const named = (id: string) => `${LOCATION}/repositories/${id}`;
const virtual = (members: readonly string[], more: Json = {}) => ({
  format: 'DOCKER',
  mode: 'VIRTUAL_REPOSITORY',
  virtualRepositoryConfig: {
    upstreamPolicies: members.map((id, at) => ({ id, repository: named(id), priority: 100 - at })),
    ...more,
  },
});

describe('a virtual repository', () => {
  it('is made of repositories that are there, and shows them', async () => {
    await admin.repository('own');
    const { response } = await admin.ok('POST', creating('both'), {
      ...virtual(['own', 'images'], { writeRepository: named('own'), memberFailure: 'answer_without' }),
    });
    expect(response).toMatchObject({
      mode: 'VIRTUAL_REPOSITORY',
      virtualRepositoryConfig: {
        upstreamPolicies: [
          { id: 'own', repository: named('own'), priority: 100 },
          { id: 'images', repository: named('images'), priority: 99 },
        ],
        writeRepository: named('own'),
        memberFailure: 'ANSWER_WITHOUT',
      },
    });
    expect((await admin.get(named('both'))).virtualRepositoryConfig).toEqual(
      response.virtualRepositoryConfig,
    );
  });
});
