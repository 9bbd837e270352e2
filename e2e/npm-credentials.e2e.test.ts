import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { npmHome } from './clients/npmrc.ts';
import { installed, writePackage, writeProject } from './fixtures/npm-package.ts';
import { base64, ended, ENDINGS, named } from './harness/endings.ts';
import { Identities, type Login } from './harness/identities.ts';
import { describeWith } from './harness/needs.ts';
import { NpmRepositories } from './harness/npm-repositories.ts';
import { attempt, nodeProgram, succeed } from './harness/run.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 300_000;
const NPM = nodeProgram('npm');

let server: Server;
let space: Scratch;
let repositories: NpmRepositories;
let who: Identities;
/** A user and a service account who may publish to `private`. */
let ann: Login;
let builderKey: string;

beforeAll(async () => {
  space = await scratch('npm-credentials');
  server = await startServer();
  who = new Identities(server);
  repositories = new NpmRepositories(server);
  for (const id of ['private', 'shared', 'public']) await repositories.standard(id);
  await who.grant(who.repository('shared'), 'roles/artifactregistry.reader', 'allAuthenticatedUsers');
  await who.grant(who.repository('public'), 'roles/artifactregistry.reader', 'allUsers');
  ann = await who.user();
  const builder = await who.serviceAccount();
  builderKey = await who.keyFile(builder);
  for (const member of [`user:${ann.username}`, `serviceAccount:${builder}`])
    await who.grant(who.repository('private'), 'roles/artifactregistry.writer', member);
  const folder = await writePackage(space, { name: '@acme/seen', version: '1.0.0', says: 'seen' });
  const token = await server.accessToken();
  for (const id of ['shared', 'public'])
    await succeed(...(await npm(id, `_authToken=${token}`, ['publish', folder])));
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

/** A run of npm in a home of its own, with what its .npmrc says of the registry: `KEY=VALUE`, or nothing. */
async function npm(
  repository: string,
  credential: string | undefined,
  args: readonly string[],
  cwd?: string,
): Promise<Parameters<typeof attempt>> {
  const url = repositories.url(repository);
  const quiet = ['audit=false', 'fund=false', 'update-notifier=false', 'fetch-retries=0'];
  const key = `//${url.split('//')[1]}:`;
  const lines = [`registry=${url}`, ...quiet, ...(credential === undefined ? [] : [key + credential])];
  const env = await npmHome(join(space.path, crypto.randomUUID()), `${lines.join('\n')}\n`);
  return [[NPM, ...args], { env, ...(cwd !== undefined && { cwd }) }];
}

const basic = ({ username, password }: Login): string => `_auth=${base64(`${username}:${password}`)}`;

const FORMS: readonly (readonly [says: string, credential: () => Promise<string>])[] = [
  ['an access token', async () => `_authToken=${await who.accessToken(ann)}`],
  ['a personal token', async () => `_authToken=${(await who.personalToken(ann)).token}`],
  ['a service account’s access token', async () => `_authToken=${await who.keyFileToken(builderKey)}`],
  ['a JWT that the service account signed itself', async () => `_authToken=${who.selfSigned(builderKey)}`],
  ['user and password', async () => basic(ann)],
  ['_json_key_base64 and a key file', async () => basic(named('_json_key_base64', base64(builderKey)))],
  [
    'oauth2accesstoken and an access token',
    async () => basic(named('oauth2accesstoken', await who.accessToken(ann))),
  ],
];

describeWith('npm', [NPM], () => {
  for (const [index, [says, credential]] of FORMS.entries())
    test(
      `publishes and installs with ${says}`,
      async () => {
        const line = await credential();
        const name = `form-${index}`;
        const folder = await writePackage(space, { name, version: '1.0.0', says });
        await succeed(...(await npm('private', line, ['publish', folder])));

        const project = await writeProject(space, { [name]: '1.0.0' });
        await succeed(...(await npm('private', line, ['install'], project)));

        expect(await installed(project, name)).toBe(`1.0.0: ${says}`);
      },
      LIMIT_MS,
    );

  test(
    'installs from a public repository without credentials',
    async () => {
      const project = await writeProject(space, { '@acme/seen': '1.0.0' });
      await succeed(...(await npm('public', undefined, ['install'], project)));

      expect(await installed(project, '@acme/seen')).toBe('1.0.0: seen');
    },
    LIMIT_MS,
  );

  for (const { says, begin, told } of ENDINGS)
    test(
      `is refused with ${says}, and says why`,
      async () => {
        const [, view] = await ended(
          (seconds) => begin(who, seconds),
          async ({ login }) => {
            const seen = await npm('shared', basic(login), ['view', '@acme/seen', 'version']);
            await succeed(...seen);
            return seen;
          },
        );

        const { code, stderr } = await attempt(...view);

        expect([code === 0, stderr]).toEqual([false, expect.stringMatching(told)]);
      },
      LIMIT_MS,
    );

  test(
    'is told to log in where it shows nothing',
    async () => {
      const { code, stderr } = await attempt(...(await npm('private', undefined, ['view', 'form-0'])));

      expect([code === 0, stderr]).toEqual([false, expect.stringContaining('npm login')]);
    },
    LIMIT_MS,
  );
});
