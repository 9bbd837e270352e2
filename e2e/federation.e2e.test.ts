import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { ArtifactRegistryClient } from '@google-cloud/artifact-registry';
import { type ExternalAccountClientOptions, gaxios, GoogleAuth } from 'google-auth-library';
import { TokenService } from '../server/testing/token-service.ts';
import { Identities } from './harness/identities.ts';
import { succeed } from './harness/run.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 120_000;
const PROGRAM = join(import.meta.dir, '..', 'entrepot');
const PROJECT = 'projects/my-project';
const LOCATION = `${PROJECT}/locations/us-central1`;
const POOLS = `${PROJECT}/locations/global/workloadIdentityPools`;
const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';
const READER = 'roles/artifactregistry.reader';

interface Platform {
  readonly name: string;
  readonly mapping: Readonly<Record<string, string>>;
  readonly condition: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly others: Readonly<Record<string, unknown>>;
  /** What of the identity is granted something, below the pool. */
  readonly member: readonly ['principal' | 'principalSet', string];
}

/** docs.github.com/actions/reference/openid-connect-reference */
const github: Platform = {
  name: 'github',
  mapping: {
    'google.subject': 'assertion.sub',
    'attribute.repository': 'assertion.repository',
    'attribute.ref': 'assertion.ref',
  },
  condition: "assertion.repository_owner == 'octo-org' && assertion.ref.startsWith('refs/heads/')",
  claims: {
    sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
    jti: 'example-id',
    ref: 'refs/heads/main',
    sha: '7f93a73b8273af5d35fcd70661704c1cadc57054',
    repository: 'octo-org/octo-repo',
    repository_owner: 'octo-org',
    actor_id: '12',
    repository_visibility: 'private',
    repository_id: '74',
    repository_owner_id: '65',
    run_id: '16060000000',
    run_number: '10',
    run_attempt: '2',
    runner_environment: 'github-hosted',
    actor: 'octocat',
    workflow: 'build',
    head_ref: '',
    base_ref: '',
    event_name: 'push',
    ref_protected: 'true',
    ref_type: 'branch',
    job_workflow_ref: 'octo-org/octo-repo/.github/workflows/build.yml@refs/heads/main',
  },
  others: { repository: 'octo-org/other', sub: 'repo:octo-org/other:ref:refs/heads/main' },
  member: ['principalSet', 'attribute.repository/octo-org/octo-repo'],
};

/** docs.gitlab.com/ci/secrets/id_token_authentication */
const gitlab: Platform = {
  name: 'gitlab',
  mapping: { 'google.subject': 'assertion.sub', 'google.groups': 'assertion.groups_direct' },
  condition: "assertion.namespace_path == 'my-group' && assertion.ref_protected == 'true'",
  claims: {
    namespace_id: '72',
    namespace_path: 'my-group',
    project_id: '20',
    project_path: 'my-group/my-project',
    user_id: '1',
    user_login: 'sample-user',
    user_email: 'sample-user@example.com',
    user_access_level: 'developer',
    user_identities: [{ provider: 'github', extern_uid: '2435223452345' }],
    groups_direct: ['mygroup/mysubgroup', 'myothergroup/myothersubgroup'],
    pipeline_id: '574',
    pipeline_source: 'push',
    job_id: '302',
    ref: 'main',
    ref_type: 'branch',
    ref_path: 'refs/heads/main',
    ref_protected: 'true',
    environment: 'production',
    environment_protected: 'false',
    runner_id: 1,
    runner_environment: 'self-hosted',
    sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
    project_visibility: 'public',
    sub: 'project_path:my-group/my-project:ref_type:branch:ref:main',
  },
  others: { groups_direct: ['mygroup'] },
  member: ['principalSet', 'group/mygroup/mysubgroup'],
};

/** kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin */
const kubernetes: Platform = {
  name: 'kubernetes',
  mapping: {
    'google.subject':
      "assertion['kubernetes.io'].namespace + '/' + assertion['kubernetes.io'].serviceaccount.name",
  },
  condition: "assertion.sub.matches('^system:serviceaccount:(shop|tools):[a-z0-9-]+$')",
  claims: {
    jti: 'ea28ed49-2e11-4280-9ec5-bc3d1d84661a',
    'kubernetes.io': {
      namespace: 'shop',
      node: { name: '127.0.0.1', uid: '58456cb0-dd00-45ed-b797-5578fdceaced' },
      pod: { name: 'pusher-69cbfb9798-jv9gn', uid: '778a530c-b3f4-47c0-9cd5-ab018fb64f33' },
      serviceaccount: { name: 'pusher', uid: 'a087d5a0-e1dd-43ec-93ac-f13d89cd13af' },
      warnafter: 4_102_444_800,
    },
    sub: 'system:serviceaccount:shop:pusher',
  },
  others: {
    'kubernetes.io': { namespace: 'tools', serviceaccount: { name: 'pusher' } },
    sub: 'system:serviceaccount:tools:pusher',
  },
  member: ['principal', 'subject/shop/pusher'],
};

const PLATFORMS = [github, gitlab, kubernetes] as const;

let server: Server;
let space: Scratch;
let service: TokenService;
let identities: Identities;
let number: string;

beforeAll(async () => {
  space = await scratch('federation');
  service = await TokenService.start();
  server = await startServer({ flags: ['--allow-upstream-hosts', service.host] });
  identities = new Identities(server);
  const project = (await server.api('GET', PROJECT)) as { readonly projectNumber: string };
  number = project.projectNumber;
  await server.createDockerRepository('images');
  await server.api('POST', `${POOLS}?workloadIdentityPoolId=builds`, {});
  for (const platform of PLATFORMS) {
    await server.api('POST', `${POOLS}/builds/providers?workloadIdentityPoolProviderId=${platform.name}`, {
      attributeMapping: platform.mapping,
      attributeCondition: platform.condition,
      oidc: { issuerUri: service.issuer },
    });
    const [word, rest] = platform.member;
    await identities.grant(`${LOCATION}/repositories/images`, READER, `${word}:${inPool(rest)}`);
  }
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await service[Symbol.asyncDispose]();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

const inPool = (rest: string): string =>
  `//iam.googleapis.com/${POOLS.replace('my-project', number)}/builds/${rest}`;
const audienceOf = ({ name }: Platform): string => inPool(`providers/${name}`);
const tokenOf = (platform: Platform, claims: Readonly<Record<string, unknown>> = {}): Promise<string> =>
  service.token(`https:${audienceOf(platform)}`, { ...platform.claims, ...claims });

const exchange = async (platform: Platform, token: string): Promise<Response> =>
  fetch(`${server.url}/v1/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: audienceOf(platform),
      scope: CLOUD_PLATFORM,
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      subject_token: token,
    }),
  });

interface Exchanged {
  readonly access_token: string;
  readonly error: string;
}
const secretOf = async (answer: Response): Promise<string> =>
  ((await answer.json()) as Exchanged).access_token;
const errorOf = async (answer: Response) => [answer.status, ((await answer.json()) as Exchanged).error];

const reads = async (secret: string): Promise<number> =>
  (
    await fetch(`${server.url}/v1/${LOCATION}/repositories/images`, {
      headers: { authorization: `Bearer ${secret}` },
    })
  ).status;

/** A credential configuration, made by the command line, whose token is in a file. */
async function configuration(platform: Platform, token: string, ...flags: readonly string[]) {
  const at = join(space.path, `${platform.name}-${crypto.randomUUID()}`);
  const [file, path] = [`${at}-token`, `${at}.json`];
  await Bun.write(file, token);
  const provider = audienceOf(platform).replace('//iam.googleapis.com/', '');
  const command = [PROGRAM, 'iam', 'workload-identity-pools', 'create-cred-config', provider];
  const source = [`--server=${server.url}`, `--credential-source-file=${file}`, `--output-file=${path}`];
  await succeed([...command, ...source, ...flags], { env: { HOME: space.path } });
  return path;
}

/** The name of the repository, as google-auth-library gets it for whom a configuration lets in. */
async function described(keyFilename: string): Promise<string> {
  const auth = new GoogleAuth({ keyFilename, scopes: CLOUD_PLATFORM });
  const { data } = await (
    await auth.getClient()
  ).request<{ readonly name: string }>({ url: `${server.url}/v1/${LOCATION}/repositories/images` });
  return data.name;
}

describe.each(PLATFORMS)('a job of $name', (platform) => {
  test('gets in by its token, as far as it was granted', async () => {
    const answer = await exchange(platform, await tokenOf(platform));

    expect(answer.status).toBe(200);
    const secret = await secretOf(answer);
    expect(await reads(secret)).toBe(200);
    const registry = await fetch(`${server.url}/v2/token?scope=repository:my-project/images/app:pull`, {
      headers: { authorization: `Basic ${btoa(`oauth2accesstoken:${secret}`)}` },
    });
    expect(registry.status).toBe(200);
  });

  test('that is another is somebody else', async () => {
    const answer = await exchange(platform, await tokenOf(platform, platform.others));

    expect(await reads(await secretOf(answer))).toBe(403);
  });

  test('that the condition refuses does not get in', async () => {
    const evil = {
      repository_owner: 'evil',
      namespace_path: 'evil',
      sub: 'system:serviceaccount:evil:pusher',
    };

    expect(await errorOf(await exchange(platform, await tokenOf(platform, evil)))).toEqual([
      400,
      'unauthorized_client',
    ]);
  });

  test('gets in with google-auth-library, by a configuration of ours', async () => {
    const path = await configuration(platform, await tokenOf(platform));

    expect(await described(path)).toBe(`${LOCATION}/repositories/images`);
  });

  test('gets in with the command line, by the same', async () => {
    const path = await configuration(platform, await tokenOf(platform));

    const { stdout } = await succeed(
      [
        PROGRAM,
        'artifacts',
        'repositories',
        'describe',
        'images',
        '--location=us-central1',
        '--format=value(name)',
      ],
      {
        env: {
          HOME: space.path,
          GOOGLE_APPLICATION_CREDENTIALS: path,
          ENTREPOT_SERVER: server.url,
          ENTREPOT_PROJECT: 'my-project',
        },
      },
    );

    expect(stdout.trim()).toBe(`${LOCATION}/repositories/images`);
  });

  test('does not get in by a token for another platform', async () => {
    const other = platform === github ? gitlab : github;

    expect(await errorOf(await exchange(platform, await tokenOf(other)))).toEqual([400, 'invalid_grant']);
  });
});

test('a job acts as a service account, with google-auth-library and Google’s client', async () => {
  const email = await identities.serviceAccount();
  await identities.grant(PROJECT, READER, `serviceAccount:${email}`);
  const user = `principalSet:${inPool('attribute.repository/octo-org/octo-repo')}`;
  await identities.grant(`${PROJECT}/serviceAccounts/${email}`, 'roles/iam.workloadIdentityUser', user);
  const path = await configuration(github, await tokenOf(github), `--service-account=${email}`);
  const options = (await Bun.file(path).json()) as ExternalAccountClientOptions;
  expect(options.service_account_impersonation_url).toStartWith(server.url);

  const [apiEndpoint = '', port] = server.host.split(':');
  const client = new ArtifactRegistryClient({
    fallback: true,
    apiEndpoint,
    port: Number(port),
    protocol: 'http',
    keyFilename: path,
  });
  const [repositories] = await client.listRepositories({ parent: LOCATION });
  await client.close();

  expect(repositories.map(({ name }) => name)).toEqual([`${LOCATION}/repositories/images`]);
});

test('a disabled provider bites with the next request, on an open connection', async () => {
  const platform = kubernetes;
  const auth = new GoogleAuth({
    keyFilename: await configuration(platform, await tokenOf(platform)),
    scopes: CLOUD_PLATFORM,
  });
  const client = await auth.getClient();
  const secret = await secretOf(await exchange(platform, await tokenOf(platform)));
  const url = `${server.url}/v1/${LOCATION}/repositories/images`;
  await client.request({ url });
  expect(await reads(secret)).toBe(200);

  await identities.disable(`${POOLS}/builds/providers/kubernetes`);

  expect(await reads(secret)).toBe(401);
  const failure: unknown = await client.request({ url }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
  expect(failure instanceof gaxios.GaxiosError ? failure.status : 401).toBeOneOf([400, 401]);
  expect(await errorOf(await exchange(platform, await tokenOf(platform)))).toEqual([400, 'invalid_grant']);
});

test(
  'an issuer that is away lets nobody in, and says so',
  async () => {
    const away = await TokenService.start();
    await using other = await startServer({ flags: ['--allow-upstream-hosts', away.host] });
    await other.api('POST', `${POOLS}?workloadIdentityPoolId=builds`, {});
    await other.api('POST', `${POOLS}/builds/providers?workloadIdentityPoolProviderId=github`, {
      attributeMapping: { 'google.subject': 'assertion.sub' },
      oidc: { issuerUri: away.issuer, allowedAudiences: ['https://registry.example.com'] },
    });
    const token = await away.token('https://registry.example.com', github.claims);
    await away[Symbol.asyncDispose]();

    const answer = await fetch(`${other.url}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        audience:
          '//iam.googleapis.com/projects/my-project/locations/global/workloadIdentityPools/builds/providers/github',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        subject_token: token,
      }),
    });

    expect(answer.headers.get('retry-after')).toBe('5');
    expect(await errorOf(answer)).toEqual([503, 'temporarily_unavailable']);
  },
  LIMIT_MS,
);
