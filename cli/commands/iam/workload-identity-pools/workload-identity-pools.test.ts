import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestServer } from '../../../../server/testing/harness.ts';
import { TestIssuer } from '../../../../server/testing/issuer.ts';
import type { Io } from '../../../io.ts';
import { TestRegistry } from '../../../testing/registry.ts';
import type { Person } from '../../../testing/scripted-io.ts';

const ISSUER = 'https://token.example.com';
const POOLS = 'projects/my-project/locations/global/workloadIdentityPools';
const TOKEN_URL = 'http://169.254.0.1/token?audience=registry';

let registry: TestRegistry;
let server: TestServer;
let admin: Person;
let issuer: TestIssuer;
let number: string;
/** What is answered at TOKEN_URL, to whoever sends the right header. */
let served = '';
const fetch: Io['fetch'] = async (request) => {
  if (request.url !== TOKEN_URL) return registry.fetch(request);
  return request.headers.get('metadata') === 'true'
    ? new Response(served)
    : new Response('', { status: 403 });
};

beforeAll(async () => {
  registry = await TestRegistry.start();
  ({ server } = registry);
  issuer = await TestIssuer.make(ISSUER);
  admin = await registry.admin();
  await admin.done('config set project my-project');
  number = (await admin.done('projects describe my-project --format=value(projectNumber)')).trim();
  await writeFile(at('keys.json'), await issuer.keySet());
  await admin.done('iam workload-identity-pools create builds --location=global');
  await admin.done(createLine('main'));
});
afterAll(() => registry[Symbol.asyncDispose]());

const createLine = (id: string): readonly string[] => [
  ...`iam workload-identity-pools providers create-oidc ${id} --workload-identity-pool=builds`.split(' '),
  `--issuer-uri=${ISSUER}`,
  `--jwk-json-path=${at('keys.json')}`,
  '--attribute-mapping=google.subject=assertion.sub,attribute.ref=assertion.ref',
];

describe('iam workload-identity-pools', () => {
  it('creates, lists, describes, updates and deletes', async () => {
    await admin.done([
      ...'iam workload-identity-pools create ci-pool --description='.split(' '),
      '--display-name=CI pool',
    ]);
    const line = '--format=csv[no-heading](name.basename(),displayName,disabled)';
    expect(await admin.done(`iam workload-identity-pools list --location=global ${line}`)).toBe(
      'builds,,\nci-pool,CI pool,\n',
    );

    await admin.done(`iam workload-identity-pools update ${POOLS}/ci-pool --disabled --display-name=`);
    expect(
      await admin.done('iam workload-identity-pools describe ci-pool --format=json').then(JSON.parse),
    ).toEqual({
      name: `${POOLS}/ci-pool`,
      state: 'ACTIVE',
      disabled: true,
    });
    await admin.done('iam workload-identity-pools delete ci-pool --quiet');

    expect((await admin.run('iam workload-identity-pools describe ci-pool')).exit).toBe(3);
  });

  it.each([
    ['iam workload-identity-pools create other --location=us', 'in no location but global'],
    ['iam workload-identity-pools update builds', 'give --display-name'],
    ['iam workload-identity-pools describe projects/p/pools/x', 'is not the full name'],
    ['iam workload-identity-pools providers describe main', 'give --workload-identity-pool'],
    [
      'iam workload-identity-pools providers update-oidc main --workload-identity-pool=builds',
      'nothing to change',
    ],
    [
      'iam workload-identity-pools providers create-oidc other --issuer-uri=https://x --attribute-mapping=a=b',
      'give --workload-identity-pool',
    ],
    [
      'iam workload-identity-pools providers update-oidc main --workload-identity-pool=builds --jwk-json-path=/nowhere',
      'cannot read /nowhere',
    ],
  ])('%s is refused', async (line, words) => {
    const ran = await admin.run(line);

    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain(words);
  });

  it('does all of that for providers', async () => {
    await admin.done([...createLine('other'), "--attribute-condition=assertion.ref == 'refs/heads/main'"]);
    await admin.done(
      'iam workload-identity-pools providers update-oidc other --workload-identity-pool=builds --display-name=Other ' +
        '--allowed-audiences=a,b --attribute-condition= --disabled',
    );

    const name = `${POOLS}/builds/providers/other`;
    const { oidc, ...rest } = JSON.parse(
      await admin.done(`iam workload-identity-pools providers describe ${name} --format=json`),
    ) as { readonly oidc: object };
    expect(rest).toEqual({
      name,
      displayName: 'Other',
      state: 'ACTIVE',
      disabled: true,
      attributeMapping: { 'google.subject': 'assertion.sub', 'attribute.ref': 'assertion.ref' },
    });
    expect(oidc).toEqual({
      issuerUri: ISSUER,
      allowedAudiences: ['a', 'b'],
      jwksJson: await issuer.keySet(),
    });
    expect(
      await admin.done(
        'iam workload-identity-pools providers list --workload-identity-pool=builds --format=value(name.basename())',
      ),
    ).toBe('main\nother\n');
    await admin.done(`iam workload-identity-pools providers delete ${name} --quiet`);
    expect((await admin.run(`iam workload-identity-pools providers describe ${name}`)).exit).toBe(3);
  });
});

const at = (name: string): string => join(admin.home, name);
const written = async () => JSON.parse(await readFile(at('c.json'), 'utf8')) as object;
const asProgram = async (line: string) => {
  const program = await registry.arrive({ fetch });
  return program.run(line, { env: { GOOGLE_APPLICATION_CREDENTIALS: at('c.json') } });
};

describe('a credential configuration', () => {
  const provider = `${POOLS}/builds/providers/main`;
  const create = (flags: string) =>
    admin.run([
      ...`iam workload-identity-pools create-cred-config ${provider}`.split(' '),
      `--output-file=${at('c.json')}`,
      ...flags.split(' ').filter((flag) => flag !== ''),
    ]);
  const audience = () => `//iam.googleapis.com/${provider.replace('my-project', number)}`;
  const token = () => {
    const seconds = Math.floor(server.clock.now() / 1000);
    return issuer.sign({ sub: 'job', ref: 'main', aud: audience(), iat: seconds, exp: seconds + 300 });
  };

  it('says where a token is, and where it is exchanged', async () => {
    expect(await create('--credential-source-file=/var/run/token')).toMatchObject({
      exit: 0,
      stderr: `Created credential configuration file [${at('c.json')}].\n`,
    });
    expect(await written()).toEqual({
      type: 'external_account',
      audience: audience(),
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'http://localhost:8080/v1/token',
      credential_source: { file: '/var/run/token' },
    });
    await create(
      '--credential-source-url=http://169.254.0.1/token --credential-source-headers=Metadata=true ' +
        '--credential-source-type=json --credential-source-field-name=value ' +
        '--service-account=builder@my-project.iam.gserviceaccount.com --service-account-token-lifetime-seconds=600',
    );
    expect(await written()).toMatchObject({
      credential_source: {
        url: 'http://169.254.0.1/token',
        headers: { Metadata: 'true' },
        format: { type: 'json', subject_token_field_name: 'value' },
      },
      service_account_impersonation_url:
        'http://localhost:8080/v1/projects/-/serviceAccounts/builder@my-project.iam.gserviceaccount.com:generateAccessToken',
      service_account_impersonation: { token_lifetime_seconds: 600 },
    });
  });

  it.each([
    ['', 'give one of --credential-source-file and --credential-source-url'],
    ['--credential-source-file=a --credential-source-url=b', 'give one of'],
    ['--credential-source-file=a --credential-source-headers=a=b', 'goes with --credential-source-url'],
    ['--credential-source-file=a --credential-source-type=json', 'goes with --credential-source-field-name'],
    ['--credential-source-file=a --service-account-token-lifetime-seconds=9', 'goes with --service-account'],
  ])('is not written with %p', async (flags, words) => {
    const ran = await create(flags);

    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain(words);
  });

  it('lets this program in, by a token in a file', async () => {
    await writeFile(at('token'), `${await token()}\n`);
    await create(`--credential-source-file=${at('token')}`);
    await server.grant(
      'projects/my-project',
      'roles/viewer',
      `principal:${audience().replace(/\/providers.*/, '')}/subject/job`,
    );

    const ran = await asProgram('projects describe my-project --format=value(projectId)');

    expect(ran).toMatchObject({ exit: 0, stdout: 'my-project\n' });
  });

  it('lets it in by one in JSON at an address, as a service account', async () => {
    await admin.done('iam service-accounts create builder');
    const email = 'builder@my-project.iam.gserviceaccount.com';
    const job = `principal:${audience().replace(/\/providers.*/, '')}/subject/job`;
    await server.grant(`projects/my-project/serviceAccounts/${email}`, 'roles/iam.workloadIdentityUser', job);
    await server.grant('projects/my-project', 'roles/artifactregistry.reader', `serviceAccount:${email}`);
    served = JSON.stringify({ value: await token() });
    await create(
      `--credential-source-url=${TOKEN_URL} --credential-source-headers=Metadata=true --credential-source-type=json ` +
        `--credential-source-field-name=value --service-account=${email}`,
    );

    const ran = await asProgram(
      'artifacts repositories list --project=my-project --location=us-central1 --format=value(name.basename())',
    );

    expect(ran).toMatchObject({ exit: 0, stdout: 'images\n' });
  });

  it.each([
    ['--credential-source-file=/nowhere/token', 'cannot read /nowhere/token', 2],
    [`--credential-source-url=${TOKEN_URL}`, 'it answered 403', 5],
  ])('that leads to no token is refused: %s', async (flags, words) => {
    await create(flags);

    const ran = await asProgram('projects list');

    expect(ran.exit).not.toBe(0);
    expect(ran.stderr).toContain(words);
  });

  it('tells why a token was not taken', async () => {
    await writeFile(at('token'), await issuer.sign({ aud: audience(), sub: 'job', iat: 1, exp: 2 }));
    await create(`--credential-source-file=${at('token')}`);

    const ran = await asProgram('projects list');

    expect(ran.exit).toBe(4);
    expect(ran.stderr).toContain('the subject token is refused: it has expired');
  });

  it('of another server is not used', async () => {
    await create('--credential-source-file=/nowhere/token');

    const ran = await asProgram('config list --server=https://registry.example.com');

    expect(ran.exit).toBe(0);
    expect((await asProgram('projects list --server=https://registry.example.com')).stderr).not.toContain(
      '/nowhere',
    );
  });
});
