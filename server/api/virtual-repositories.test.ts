import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, type Json, LOCATION, PROJECT } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
  await admin.repository('own');
  await admin.ok('POST', creating('packages'), { format: 'NPM' });
  await admin.ok('POST', creating('copies'), {
    format: 'DOCKER',
    mode: 'REMOTE_REPOSITORY',
    remoteRepositoryConfig: { commonRepository: { uri: named('images') } },
  });
});
afterAll(() => server[Symbol.asyncDispose]());

const creating = (id: string) => `${LOCATION}/repositories?repositoryId=${id}`;
const named = (id: string) => `${LOCATION}/repositories/${id}`;
const policies = (...members: readonly string[]) =>
  members.map((id, at) => ({ id, repository: named(id), priority: 100 - at }));
const virtual = (virtualRepositoryConfig: Json, more: Json = {}) => ({
  format: 'DOCKER',
  mode: 'VIRTUAL_REPOSITORY',
  virtualRepositoryConfig,
  ...more,
});
const of = (...members: readonly string[]) => virtual({ upstreamPolicies: policies(...members) });

describe('a virtual repository', () => {
  it('is made of repositories that are there, and shows them', async () => {
    const config = {
      upstreamPolicies: policies('own', 'images', 'copies'),
      writeRepository: named('own'),
      memberFailure: 'ANSWER_WITHOUT',
    };
    const { response } = await admin.ok('POST', creating('both'), virtual(config));
    expect(response).toMatchObject({ mode: 'VIRTUAL_REPOSITORY', virtualRepositoryConfig: config });
    expect((await admin.get(named('both'))).virtualRepositoryConfig).toEqual(config);
  });

  it('may be of nothing yet, and of repositories in other locations', async () => {
    await admin.ok('POST', creating('empty'), { format: 'DOCKER', mode: 2 });
    const parent = `${PROJECT}/locations/europe-west1/repositories`;
    await admin.ok('POST', `${parent}?repositoryId=far`, { format: 'DOCKER' });
    const upstreamPolicies = [{ id: 'far', repository: `${parent}/far`, priority: 1 }];
    await admin.ok('POST', creating('wide'), virtual({ upstreamPolicies }));
  });

  const MANY = policies(...Array.from({ length: 31 }, (_, at) => `m${at}`));
  const bad: readonly (readonly [says: string, body: Json, words: string])[] = [
    [
      'more members than Google has',
      virtual({ upstreamPolicies: MANY }),
      'there are 31 upstreamPolicies; at most 30',
    ],
    [
      'a member without an id',
      virtual({ upstreamPolicies: [{ repository: named('own') }] }),
      'upstreamPolicies[0] needs an id',
    ],
    [
      'one id twice',
      virtual({ upstreamPolicies: [...policies('own'), { id: 'own', repository: named('images') }] }),
      'two upstreamPolicies have the id own',
    ],
    [
      'one repository twice',
      virtual({ upstreamPolicies: [...policies('own'), { id: 'again', repository: named('own') }] }),
      `two upstreamPolicies name ${LOCATION}/repositories/own`,
    ],
    [
      'a member by its id alone',
      virtual({ upstreamPolicies: [{ id: 'own', repository: 'own' }] }),
      'upstreamPolicies[0] (own) must name a repository as projects/P/locations/L/repositories/R',
    ],
    ['a member of another format', of('packages'), 'is a NPM repository'],
    [
      'writes that go to no member',
      virtual({ upstreamPolicies: policies('own'), writeRepository: named('images') }),
      'writeRepository must be one of the repositories that upstreamPolicies name',
    ],
    [
      'writes that go to copies',
      virtual({ upstreamPolicies: policies('copies'), writeRepository: named('copies') }),
      'writeRepository must be a STANDARD_REPOSITORY',
    ],
    ['another way to fail', virtual({ memberFailure: 'PANIC' }), 'member_failure'],
    ['an upstream', virtual({}, { remoteRepositoryConfig: {} }), 'has no remoteRepositoryConfig'],
    ['itself', of('bad'), 'made of itself'],
  ];
  it.each(bad)('does not have %s', async (says, body, words) => {
    const refusal = await admin.refused('POST', creating('bad'), body);
    if (says === 'itself') expect(refusal.status).toBe(404);
    else expect(refusal).toMatchObject({ status: 400, message: expect.stringContaining(words) });
  });

  it('is never made of itself, however far away', async () => {
    await admin.ok('POST', creating('inner'), of('own'));
    await admin.ok('POST', creating('middle'), of('inner'));
    await admin.ok('POST', creating('outer'), of('middle'));
    const patch = (member: string) =>
      admin.refused('PATCH', `${named('inner')}?updateMask=virtualRepositoryConfig.upstreamPolicies`, {
        virtualRepositoryConfig: { upstreamPolicies: policies(member) },
      });
    for (const [member, way] of [
      ['inner', 'inner → inner'],
      ['middle', 'inner → middle → inner'],
      ['outer', 'inner → outer → middle → inner'],
    ] as const)
      expect(await patch(member)).toMatchObject({
        status: 400,
        message: expect.stringContaining(way.replaceAll(/\w+/g, (id) => named(id))),
      });
    // A name that a copy kept while its repository was gone.
    const copyOf = (id: string) => ({
      format: 'DOCKER',
      mode: 'REMOTE_REPOSITORY',
      remoteRepositoryConfig: { commonRepository: { uri: named(id) } },
    });
    await admin.repository('first');
    await admin.ok('POST', creating('second'), copyOf('first'));
    await admin.ok('DELETE', named('first'));
    expect(await admin.refused('POST', creating('first'), copyOf('second'))).toMatchObject({
      status: 400,
      message: expect.stringContaining(`would be made of itself: ${named('first')} → ${named('second')}`),
    });
  });

  it('takes only members that whoever changes it may read, and leaves the others', async () => {
    await admin.ok('POST', 'projects', { projectId: 'other-project' });
    const theirs = 'projects/other-project/locations/us-central1/repositories/theirs';
    await admin.ok('POST', theirs.replace('/theirs', '?repositoryId=theirs'), { format: 'DOCKER' });
    const secret = { id: 'theirs', repository: theirs, priority: 1 };
    await admin.ok('POST', creating('shared'), virtual({ upstreamPolicies: [secret] }));
    const owner = new ApiCaller(server, await server.account('owner', [PROJECT]));
    const parent = { ...virtual({ upstreamPolicies: [secret] }) };
    expect(await owner.refused('POST', creating('mine'), parent)).toMatchObject({ status: 403 });
    const patch = `${named('shared')}?updateMask=virtualRepositoryConfig`;
    const both = { virtualRepositoryConfig: { upstreamPolicies: [secret, ...policies('own')] } };
    expect((await owner.ok('PATCH', patch, both)).virtualRepositoryConfig).toEqual(
      both.virtualRepositoryConfig,
    );
    expect((await owner.ok('PATCH', patch, {})).virtualRepositoryConfig ?? {}).toEqual({});
    expect(await owner.refused('PATCH', patch, both)).toMatchObject({ status: 403 });
  });
});
