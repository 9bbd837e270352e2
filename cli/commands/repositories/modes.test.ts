import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporary } from '../../../server/testing/harness.ts';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';

const LOCATION = 'projects/my-project/locations/us-central1';
let registry: TestRegistry;
let admin: Person;
let directory: string;
beforeAll(async () => {
  directory = await temporary();
  registry = await TestRegistry.start();
  admin = await registry.admin();
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const run = (line: string, script: Parameters<Person['run']>[1] = {}) =>
  admin.run([...line.split(' '), '--project=my-project', '--location=us-central1'], script);

async function fileOf(name: string, content: unknown): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const described = async (id: string) => {
  const { stdout, stderr } = await run(`artifacts repositories describe ${id} --format=json`);
  return { stderr, repository: JSON.parse(stdout) };
};
const create = (id: string, flags: string, script?: Parameters<Person['run']>[1]) =>
  run(`artifacts repositories create ${id} --repository-format=docker ${flags}`, script);
const OFF = '--mode=remote-repository --disable-remote-validation';
const URI = 'https://up.example';

it.each([
  ['--repository-format=nmp', 'DOCKER, MAVEN, NPM'],
  ['--repository-format=npm --mode=remote-repository --remote-npm-repo=npmsj', 'NPMJS'],
])(
  'what is one of a few things and is not any of them (%s) is refused with their names',
  async (flags, values) => {
    const { exit, stderr } = await run(`artifacts repositories create misnamed ${flags}`);
    expect({ exit, stderr }).toEqual({ exit: 1, stderr: expect.stringContaining(`; it can be ${values}`) });
  },
);

describe('a virtual repository', () => {
  it('is created from a file of upstreams, described and changed', async () => {
    const name = `${LOCATION}/repositories/images`;
    const file = await fileOf('upstreams.json', [{ id: 'own', repository: name, priority: 100 }]);
    const created = await create(
      'both',
      `--mode=virtual-repository --upstream-policy-file=${file} --write-repository=images --member-failure=answer-without`,
    );
    expect({ exit: created.exit, stderr: created.stderr }).toEqual({
      exit: 0,
      stderr: 'Create request issued for: [both]\nCreated repository [both].\n',
    });
    const { repository, stderr } = await described('both');
    expect(repository).toMatchObject({
      mode: 'VIRTUAL_REPOSITORY',
      virtualRepositoryConfig: {
        upstreamPolicies: [{ id: 'own', repository: name, priority: 100 }],
        writeRepository: name,
        memberFailure: 'ANSWER_WITHOUT',
      },
    });
    expect(stderr).toContain(`Upstreams: ${name} (100); what is published goes to ${name}\n`);

    await run('artifacts repositories update both --write-repository= --member-failure=fail');
    expect((await described('both')).repository.virtualRepositoryConfig).toEqual({
      upstreamPolicies: [{ id: 'own', repository: name, priority: 100 }],
      memberFailure: 'FAIL',
    });
    const none = await fileOf('none.json', []);
    await run(`artifacts repositories update both --upstream-policy-file=${none}`);
    expect((await described('both')).stderr).toContain('Upstreams: none yet\n');
  });

  it.each([
    ['nothing', 'is not JSON'],
    ['{}', 'must hold a list of policies'],
    ['[1]', 'policy 1 is not an object'],
    ['[{"id":"a"}]', 'policy 1 needs an id and a repository'],
    ['[{"id":"a","repository":"b","priority":"high"}]', 'policy 1 (a): priority is not a whole number'],
    ['[{"id":"a","repository":"b","weight":1}]', 'policy 1 has an unknown field weight'],
  ])('is not made of %s', async (content, words) => {
    const file = await fileOf('bad.json', content);
    const { exit, stderr } = await create('bad', `--mode=virtual-repository --upstream-policy-file=${file}`);
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining(words) });
  });
});

describe('a remote repository', () => {
  const good: readonly (readonly [flags: string, config: object])[] = [
    ['--remote-docker-repo=docker-hub', { dockerRepository: { publicRepository: 'DOCKER_HUB' } }],
    [`--remote-docker-repo=${URI}`, { commonRepository: { uri: URI } }],
    [
      `--remote-docker-repo=${LOCATION}/repositories/images --remote-repo-config-desc=ours`,
      { commonRepository: { uri: `${LOCATION}/repositories/images` }, description: 'ours' },
    ],
    [
      `--remote-docker-repo=${URI} --allow=a,b --deny=c@1.* --minimum-release-age=3d --minimum-release-age-exceptions=d --pin-first-seen`,
      {
        commonRepository: { uri: URI },
        safetyRules: {
          allow: ['a', 'b'],
          deny: ['c@1.*'],
          minimumReleaseAge: '259200s',
          minimumReleaseAgeExceptions: ['d'],
          pinFirstSeen: true,
        },
      },
    ],
    [
      `--remote-docker-repo=${URI} --index-max-age=5m --file-max-age=1h --not-found-max-age=0s --stale-while-revalidate=30s --evict`,
      {
        commonRepository: { uri: URI },
        cacheConfig: {
          indexMaxAge: '300s',
          fileMaxAge: '3600s',
          notFoundMaxAge: '0s',
          staleWhileRevalidate: '30s',
          evict: true,
        },
      },
    ],
    [`--remote-docker-repo=${URI} --forward-audits`, { commonRepository: { uri: URI }, forwardAudits: true }],
  ];
  it.each(good)('is created with %s', async (flags, config) => {
    const id = `made-${good.findIndex(([known]) => known === flags)}`;
    const { exit, stderr } = await create(id, `${OFF} ${flags}`);
    expect({ exit, stderr }).toEqual({
      exit: 0,
      stderr: expect.stringContaining(`Created repository [${id}]`),
    });
    expect((await described(id)).repository).toMatchObject({
      mode: 'REMOTE_REPOSITORY',
      remoteRepositoryConfig: config,
    });
  });

  it.each([
    ['npm', 'npmjs', { npmRepository: { publicRepository: 'NPMJS' } }],
    ['python', 'pypi', { pythonRepository: { publicRepository: 'PYPI' } }],
    ['go', 'go-proxy', { goRepository: { publicRepository: 'GO_PROXY' } }],
  ])('of %s is a copy of its well-known upstream', async (format, upstream, config) => {
    const { exit } = await run(
      `artifacts repositories create ${upstream} --repository-format=${format} ${OFF} --remote-${format}-repo=${upstream}`,
    );
    expect(exit).toBe(0);
    expect((await described(upstream)).repository).toMatchObject({ remoteRepositoryConfig: config });
  });

  it('without a cache is a connector', async () => {
    await create(
      'wire',
      `--mode=connector-repository --remote-docker-repo=${URI} --disable-remote-validation`,
    );
    const { repository, stderr } = await described('wire');
    expect(repository.remoteRepositoryConfig.noCache).toEqual({});
    expect(stderr).toContain(`Upstream: ${URI} (nothing is kept)\n`);
  });

  it('takes secrets from files and from standard input, and shows none', async () => {
    const file = await fileOf('password', 'from-file\n');
    await create(
      'basic',
      `${OFF} --remote-docker-repo=${URI} --remote-username=ci --remote-password-file=${file}`,
    );
    const { repository, stderr } = await described('basic');
    expect(repository.remoteRepositoryConfig.upstreamCredentials).toEqual({
      usernamePasswordCredentials: { username: 'ci', hasPassword: true },
    });
    expect(stderr).toContain(`Upstream: ${URI} (with credentials)\n`);

    const token = await run('artifacts repositories update basic --remote-bearer-token-file=-', {
      input: 'token-9',
    });
    expect(token.exit).toBe(0);
    expect((await described('basic')).repository.remoteRepositoryConfig.upstreamCredentials).toEqual({
      bearerCredentials: { hasToken: true },
    });
    await run('artifacts repositories update basic --clear-remote-credentials');
    expect((await described('basic')).repository.remoteRepositoryConfig).not.toHaveProperty(
      'upstreamCredentials',
    );
  });

  it('takes a client secret to get tokens with, and says who may see it', async () => {
    const file = await fileOf('client', 'from-file');
    const exchange = `--remote-token-uri=https://a.example/token --remote-client-id=me --remote-client-secret-file=${file}`;
    await create(
      'client',
      `${OFF} --remote-docker-repo=${URI} ${exchange} --remote-token-origins=https://a.example`,
    );
    expect((await described('client')).repository.remoteRepositoryConfig).toEqual({
      commonRepository: { uri: URI },
      tokenOrigins: ['https://a.example'],
      upstreamCredentials: {
        tokenExchangeCredentials: {
          tokenUri: 'https://a.example/token',
          clientId: 'me',
          hasClientSecret: true,
        },
      },
    });
  });

  it('is changed by what is given and nothing else', async () => {
    await create('changed', `${OFF} --remote-docker-repo=${URI} --deny=a --index-max-age=5m`);
    await run(
      'artifacts repositories update changed --minimum-release-age=12h --not-found-max-age=5s --no-forward-audits',
    );
    expect((await described('changed')).repository.remoteRepositoryConfig).toEqual({
      commonRepository: { uri: URI },
      cacheConfig: { indexMaxAge: '300s', notFoundMaxAge: '5s' },
      forwardAudits: false,
      safetyRules: { deny: ['a'], minimumReleaseAge: '43200s' },
    });
  });

  it('is warned of when its upstream is not there', async () => {
    const { exit, stderr } = await create(
      'away',
      '--mode=remote-repository --remote-docker-repo=http://10.1.2.3',
    );
    expect({ exit, stderr }).toEqual({
      exit: 0,
      stderr: expect.stringContaining('WARNING: 10.1.2.3 could not be asked whether it is a repository'),
    });
  });

  it.each([
    ['--remote-docker-repo=docker-hub', '--remote-docker-repo needs --mode=remote-repository'],
    ['--deny=a', '--deny needs --mode=remote-repository'],
    ['--mode=remote-repository --member-failure=fail', '--member-failure needs --mode=virtual-repository'],
    [`${OFF} --remote-docker-repo=a --remote-npm-repo=b`, 'has one upstream'],
    [`${OFF} --remote-password-file=missing.txt`, 'cannot read missing.txt: there is no such file'],
    [`${OFF} --remote-username=a --remote-bearer-token-file=-`, 'excludes a user name and a password'],
    [
      `${OFF} --remote-password-secret-version=x --remote-password-file=-`,
      '--remote-password-secret-version and --remote-password-file exclude each other',
    ],
    [`${OFF} --remote-client-id=me`, 'are given together'],
    [`${OFF} --minimum-release-age=soon`, '--minimum-release-age: [soon] is not a duration'],
  ])('is not created with %s', async (flags, words) => {
    const { exit, stderr } = await create('bad', flags);
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining(words) });
  });

  it('has the words of the server where the upstream is none', async () => {
    const { stderr } = await create('bad', `${OFF} --remote-docker-repo=registry.example.com`);
    expect(stderr).toContain("Custom remote repository URI must start with 'http://' or 'https://'");
  });
});
