import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, type Json, LOCATION, PROJECT } from '../testing/api.ts';
import { FakeUpstream } from '../testing/fake-upstream.ts';
import { HOST, TestServer } from '../testing/harness.ts';

let server: TestServer;
let admin: ApiCaller;
let upstream: FakeUpstream;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  server = await TestServer.start([
    '--domain',
    'registry.example',
    '--public-url',
    'https://packages.example',
    '--allow-upstream-hosts',
    upstream.host,
  ]);
  admin = new ApiCaller(server);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const creating = (id: string) => `${LOCATION}/repositories?repositoryId=${id}`;
const named = (id: string) => `${LOCATION}/repositories/${id}`;
const remote = (config: Json, more: Json = {}) => ({
  format: 'DOCKER',
  mode: 'REMOTE_REPOSITORY',
  remoteRepositoryConfig: { disableUpstreamValidation: true, ...config },
  ...more,
});
const URI = 'https://up.example/images';
const COMMON = { commonRepository: { uri: URI } };
const rules = (safetyRules: Json) => remote({ ...COMMON, safetyRules });

describe('a remote repository', () => {
  const good: readonly (readonly [says: string, config: Json, shown?: Json])[] = [
    ['a well-known upstream', { dockerRepository: { publicRepository: 'DOCKER_HUB' } }],
    [
      'a well-known upstream by number',
      { docker_repository: { public_repository: 1 } },
      { dockerRepository: { publicRepository: 'DOCKER_HUB' } },
    ],
    ['a custom one', { dockerRepository: { customRepository: { uri: 'http://up.example:5000' } } }],
    ['one of any format', COMMON],
    ['a description', { ...COMMON, description: 'theirs' }],
    ['no cache', { ...COMMON, noCache: {} }],
    ['hosts of tokens', { ...COMMON, tokenOrigins: ['https://auth.example.com'] }],
    [
      'ages',
      {
        ...COMMON,
        cacheConfig: {
          indexMaxAge: '300s',
          fileMaxAge: '1.50s',
          notFoundMaxAge: '0s',
          staleWhileRevalidate: '60s',
          evict: true,
        },
      },
      {
        ...COMMON,
        cacheConfig: {
          indexMaxAge: '300s',
          fileMaxAge: '1.5s',
          notFoundMaxAge: '0s',
          staleWhileRevalidate: '60s',
          evict: true,
        },
      },
    ],
    [
      'rules',
      {
        ...COMMON,
        safetyRules: {
          allow: ['@acme/*', 'left'],
          deny: ['left@1.0.*'],
          minimumReleaseAge: '259200s',
          minimumReleaseAgeExceptions: ['@acme/*'],
          pinFirstSeen: true,
        },
      },
    ],
  ];
  it.each(good)('has %s', async (says, config, shown = config) => {
    const id = says.replaceAll(' ', '-');
    const { response } = await admin.ok('POST', creating(id), remote(config));
    expect(response).toMatchObject({ mode: 'REMOTE_REPOSITORY', remoteRepositoryConfig: shown });
    expect((await admin.get(named(id))).remoteRepositoryConfig).toEqual(shown);
  });

  const MANY = Array.from({ length: 101 }, (_, at) => `p${at}`);
  const bad: readonly (readonly [says: string, body: Json, words: string])[] = [
    ['no configuration', { format: 'DOCKER', mode: 'REMOTE_REPOSITORY' }, 'needs an upstream'],
    [
      'no upstream',
      remote({}),
      'a REMOTE_REPOSITORY needs an upstream: remoteRepositoryConfig.commonRepository.uri, or ' +
        'remoteRepositoryConfig.dockerRepository with publicRepository (DOCKER_HUB) or customRepository.uri',
    ],
    [
      'an unspecified upstream',
      remote({ dockerRepository: { publicRepository: 'PUBLIC_REPOSITORY_UNSPECIFIED' } }),
      'needs an upstream',
    ],
    ['an empty address', remote({ commonRepository: { uri: '' } }), 'needs an upstream'],
    [
      'two upstreams',
      remote({ ...COMMON, dockerRepository: { publicRepository: 'DOCKER_HUB' } }),
      'has exactly one upstream',
    ],
    [
      'two upstreams in one field',
      remote({ dockerRepository: { publicRepository: 'DOCKER_HUB', customRepository: { uri: URI } } }),
      'has exactly one upstream',
    ],
    [
      'an upstream of another format',
      remote({ mavenRepository: { publicRepository: 'MAVEN_CENTRAL' } }),
      'a DOCKER repository has no mavenRepository; give',
    ],
    [
      'an address without a scheme',
      remote({ dockerRepository: { customRepository: { uri: 'up.example/images' } } }),
      "Custom remote repository URI must start with 'http://' or 'https://'",
    ],
    [
      'another scheme',
      remote({ commonRepository: { uri: 'ftp://up.example' } }),
      "must start with 'http://'",
    ],
    ['an address that is none', remote({ commonRepository: { uri: 'https://' } }), 'is not a URL'],
    [
      'a password in the address',
      remote({ commonRepository: { uri: 'https://me:s3cret@up.example' } }),
      'a URL has no user name or password here; give them as upstreamCredentials',
    ],
    ['a query', remote({ commonRepository: { uri: 'https://up.example/?key=1' } }), 'no query'],
    ['a fragment', remote({ commonRepository: { uri: 'https://up.example/#x' } }), 'no fragment'],
    [
      'a token host with a path',
      remote({ ...COMMON, tokenOrigins: ['https://a.example/token'] }),
      'has a path',
    ],
    [
      'a token host that is none',
      remote({ ...COMMON, tokenOrigins: ['a.example'] }),
      'tokenOrigins must start',
    ],
    [
      'a negative age',
      remote({ ...COMMON, cacheConfig: { indexMaxAge: '-1s' } }),
      'indexMaxAge must be from 0s to',
    ],
    [
      'an endless age',
      remote({ ...COMMON, cacheConfig: { fileMaxAge: '99999999s' } }),
      'fileMaxAge must be from',
    ],
    [
      'an age in days',
      remote({ ...COMMON, cacheConfig: { fileMaxAge: '3d' } }),
      "Invalid value at 'repository.remote_repository_config.cache_config.file_max_age'",
    ],
    ['a negative release age', rules({ minimumReleaseAge: '-1s' }), 'minimumReleaseAge must be from 0s'],
    ['an empty pattern', rules({ allow: [''] }), '"" in allow is no pattern'],
    ['a pattern with a space', rules({ deny: ['a b'] }), '"a b" in deny is no pattern'],
    ['a long pattern', rules({ minimumReleaseAgeExceptions: ['x'.repeat(257)] }), 'is no pattern'],
    ['too many patterns', rules({ deny: MANY }), 'deny has 101 patterns; at most 100'],
    [
      'upstreams to choose from',
      remote(COMMON, { virtualRepositoryConfig: {} }),
      'a REMOTE_REPOSITORY has no virtualRepositoryConfig',
    ],
    [
      'tags that never move',
      remote(COMMON, { dockerConfig: { immutableTags: true } }),
      'tags of a REMOTE_REPOSITORY move when those of its upstreams do',
    ],
    [
      'an upstream without being remote',
      { format: 'DOCKER', remoteRepositoryConfig: COMMON },
      'a STANDARD_REPOSITORY has no remoteRepositoryConfig',
    ],
  ];
  it.each(bad)('does not have %s', async (_, body, words) => {
    expect(await admin.refused('POST', creating('bad'), body)).toMatchObject({
      status: 400,
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(words),
    });
    expect(await admin.refused('GET', named('bad'))).toMatchObject({ status: 404 });
  });

  it('repeats no password of an address', async () => {
    const body = remote({ commonRepository: { uri: 'https://me:s3cret@up.example' } });
    expect((await admin.refused('POST', creating('bad'), body)).message).not.toContain('s3cret');
  });
});

describe('an update of a remote repository', () => {
  const patches: readonly (readonly [says: string, mask: string, change: Json, after: Json])[] = [
    [
      'an age',
      'remoteRepositoryConfig.cacheConfig.indexMaxAge',
      { cacheConfig: { indexMaxAge: '60s' } },
      { cacheConfig: { indexMaxAge: '60s' }, safetyRules: { deny: ['a'] } },
    ],
    [
      'rules, in snake case',
      'remote_repository_config.safety_rules.deny',
      { safetyRules: { deny: ['b'] } },
      { safetyRules: { deny: ['b'] } },
    ],
    ['what is reset', 'remoteRepositoryConfig.safetyRules', {}, {}],
  ];
  it.each(patches)('changes %s', async (says, updateMask, change, after) => {
    const id = `patched-${says.replaceAll(/[ ,]+/g, '-')}`;
    await admin.ok('POST', creating(id), rules({ deny: ['a'] }));
    const changed = await admin.ok('PATCH', `${named(id)}?updateMask=${updateMask}`, {
      remoteRepositoryConfig: change,
    });
    expect(changed.remoteRepositoryConfig).toEqual({ ...COMMON, ...after });
  });

  const immutable: readonly (readonly [mask: string, change: Json])[] = [
    ['remoteRepositoryConfig.commonRepository', { commonRepository: { uri: 'https://other.example' } }],
    ['remoteRepositoryConfig.noCache', { noCache: {} }],
    ['remoteRepositoryConfig.tokenOrigins', { tokenOrigins: ['https://other.example'] }],
  ];
  it.each(immutable)('does not change %s', async (updateMask, change) => {
    const id = updateMask.replaceAll(/\W/g, '-').toLowerCase();
    await admin.ok('POST', creating(id), remote(COMMON));
    expect(
      await admin.refused('PATCH', `${named(id)}?updateMask=${updateMask}`, {
        remoteRepositoryConfig: change,
      }),
    ).toMatchObject({
      status: 400,
      message: expect.stringContaining(`field ${updateMask} cannot be changed`),
    });
  });

  it('takes a whole repository that was read before', async () => {
    const { response } = await admin.ok('POST', creating('whole'), rules({ deny: ['a'] }));
    const { '@type': _, ...read } = response;
    expect(await admin.ok('PATCH', named('whole'), { ...read, description: 'x' })).toMatchObject({
      description: 'x',
      remoteRepositoryConfig: read.remoteRepositoryConfig,
    });
  });
});

describe('an upstream that is a repository here', () => {
  const addresses: readonly (readonly [says: string, uri: string])[] = [
    ['its name', named('images')],
    ['its address below a path', `http://${HOST}/us-central1-docker/my-project/images`],
    ['the same as clients ask it', `http://${HOST}/v2/us-central1-docker/my-project/images/`],
    ['its address on its own host', 'https://us-central1-docker.registry.example/my-project/images'],
    ['its public address', 'https://packages.example/us-central1-docker/my-project/images'],
  ];
  it.each(addresses)('is known by %s, and shown as it was given', async (says, uri) => {
    const id = `by-${says.replaceAll(' ', '-')}`;
    await admin.ok('POST', creating(id), remote({ commonRepository: { uri } }));
    expect((await admin.get(named(id))).remoteRepositoryConfig).toEqual({ commonRepository: { uri } });
    expect(await admin.get(named(id))).not.toHaveProperty('upstreamRepository');
    const row = await server.database.read
      .selectFrom('repository')
      .select('config')
      .where('name', '=', id)
      .executeTakeFirstOrThrow();
    const { upstreamRepository = uri } = JSON.parse(row.config);
    expect(upstreamRepository).toBe(named('images'));
  });

  it('is one that the caller may read, of the same format, and there', async () => {
    await admin.ok('POST', 'projects', { projectId: 'other-project' });
    const theirs = 'projects/other-project/locations/us-central1/repositories/theirs';
    await admin.ok('POST', theirs.replace('/theirs', '?repositoryId=theirs'), { format: 'DOCKER' });
    const owner = new ApiCaller(server, await server.account('one-owner', [PROJECT]));
    for (const uri of [theirs, theirs.replace('theirs', 'missing')])
      expect(await owner.refused('POST', creating('x'), remote({ commonRepository: { uri } }))).toMatchObject(
        {
          status: 403,
          message: expect.stringContaining(`denied on resource '//artifactregistry.googleapis.com/${uri}'`),
        },
      );
    const missing = remote({ commonRepository: { uri: named('missing') } });
    expect(await admin.refused('POST', creating('x'), missing)).toMatchObject({ status: 404 });
    await admin.ok('POST', creating('merged'), { format: 'DOCKER', mode: 'VIRTUAL_REPOSITORY' });
    const merged = remote({ commonRepository: { uri: named('merged') } });
    expect(await admin.refused('POST', creating('x'), merged)).toMatchObject({
      status: 400,
      message: expect.stringContaining('is virtual and cannot be copied; name one of the repositories'),
    });
    await admin.ok('POST', creating('packages'), { format: 'NPM' });
    const other = remote({ commonRepository: { uri: named('packages') } });
    expect(await admin.refused('POST', creating('x'), other)).toMatchObject({
      status: 400,
      message: expect.stringContaining('is a NPM repository; a DOCKER repository can be made of such only'),
    });
  });
});
