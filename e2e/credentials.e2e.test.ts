import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { buildah } from './clients/buildah.ts';
import type { Client, ClientKind, Stage } from './clients/client.ts';
import { containersHome } from './clients/containers-home.ts';
import { crane } from './clients/crane.ts';
import { docker } from './clients/docker.ts';
import { openHelm } from './clients/helm.ts';
import { oras } from './clients/oras.ts';
import { podman } from './clients/podman.ts';
import { skopeo } from './clients/skopeo.ts';
import { newStage } from './clients/stage.ts';
import { expectPulled, expectPushed } from './clients/verify.ts';
import { buildFixtures, type Fixtures } from './fixtures/image.ts';
import { base64, ended, ENDINGS, named } from './harness/endings.ts';
import { Identities, type KeyFile, type Login } from './harness/identities.ts';
import { describeWith } from './harness/needs.ts';
import { pushTree } from './harness/push.ts';
import { attempt, PATH as clientsPath, succeed } from './harness/run.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 300_000;
const KINDS: readonly ClientKind[] = [docker, podman, buildah, skopeo, crane, oras];
const PROGRAM = join(import.meta.dir, '..', 'entrepot');
const WRITER = 'roles/artifactregistry.writer';

let server: Server;
let space: Scratch;
let fixtures: Fixtures;
let who: Identities;
/** A user and a service account who may push to `private`. */
let ann: Login;
let builder: string;
let builderKey: string;

beforeAll(async () => {
  space = await scratch('credentials');
  fixtures = await buildFixtures(join(space.path, 'fixtures'));
  server = await startServer();
  who = new Identities(server);
  await server.createDockerRepository('private');
  for (const [id, member] of [
    ['public', 'allUsers'],
    ['shared', 'allAuthenticatedUsers'],
  ] as const) {
    await server.createDockerRepository(id);
    await who.grant(who.repository(id), 'roles/artifactregistry.reader', member);
    await pushTree(server.image(id, 'app'), fixtures.image, 'v1');
  }
  ann = await who.user();
  builder = await who.serviceAccount();
  builderKey = await who.keyFile(builder);
  for (const member of [`user:${ann.username}`, `serviceAccount:${builder}`])
    await who.grant(who.repository('private'), WRITER, member);
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

const stage = (name: string): Promise<Stage> => newStage(space, server.host, name);

async function openAs(login: Login, kind: ClientKind): Promise<Client> {
  const client = await kind.open(await stage(kind.name));
  await client.login(login);
  return client;
}

/** Every form of Basic credentials that clients are told to use. */
const FORMS: readonly (readonly [says: string, login: () => Promise<Login>])[] = [
  ['user and password', async () => ann],
  [
    'oauth2accesstoken and an access token',
    async () => named('oauth2accesstoken', await who.accessToken(ann)),
  ],
  [
    '_token and a service account’s access token',
    async () => named('_token', await who.keyFileToken(builderKey)),
  ],
  ['_dcgcloud_token and an access token', async () => named('_dcgcloud_token', await who.accessToken(ann))],
  [
    '_dcgcr_2_1_0_token and a personal token',
    async () => named('_dcgcr_2_1_0_token', (await who.personalToken(ann)).token),
  ],
  ['_json_key and a key file', async () => named('_json_key', builderKey)],
  ['_json_key_base64 and a key file in base64', async () => named('_json_key_base64', base64(builderKey))],
];

const NEVER_GOOD: readonly (readonly [says: string, login: () => Promise<Login>])[] = [
  ['a wrong password', async () => named(ann.username, 'wrong')],
  ['an unknown user', async () => named('nobody-at-all', 'secret')],
  [
    'an access token as the password of its owner',
    async () => named(ann.username, await who.accessToken(ann)),
  ],
  ['a made-up token', async () => named('oauth2accesstoken', `ent_${'A'.repeat(43)}`)],
  ['a key file that is no JSON', async () => named('_json_key', 'not a key file')],
  [
    'a key file with the secret of another key',
    async () => {
      const { private_key: secret } = JSON.parse(await who.keyFile(builder)) as KeyFile;
      return named(
        '_json_key',
        JSON.stringify({ ...(JSON.parse(builderKey) as KeyFile), private_key: secret }),
      );
    },
  ],
];

for (const kind of KINDS)
  describeWith(kind.name, kind.programs, () => {
    for (const [index, [says, login]] of FORMS.entries())
      test(
        `pushes and pulls with ${says}`,
        async () => {
          const client = await openAs(await login(), kind);
          const to = server.image('private', kind.name);
          const pushed = await client.pushImage(fixtures.image, to, `form-${index}`);
          const stored = await expectPushed(fixtures.image, pushed, to, `form-${index}`);
          await expectPulled(fixtures.image, await client.pull(to, `form-${index}`), stored);
        },
        LIMIT_MS,
      );

    test(
      'pulls from a public repository without credentials',
      async () => {
        const client = await kind.open(await stage(kind.name));
        await client.pull(server.image('public', 'app'), 'v1');
      },
      LIMIT_MS,
    );

    for (const { says, begin, told } of ENDINGS)
      test(
        `is refused with ${says}, and says why, on a public repository too if it shows anything there`,
        async () => {
          const [, client] = await ended(
            (seconds) => begin(who, seconds),
            async ({ login }) => {
              const opened = await openAs(login, kind);
              for (const id of ['shared', 'public']) await opened.pull(server.image(id, 'app'), 'v1');
              return opened;
            },
          );
          for (const id of kind.showsNothingUnasked ? ['shared'] : ['shared', 'public'])
            expect(await client.pull(server.image(id, 'app'), 'v1').then(() => 'pulled', String)).toMatch(
              told,
            );
        },
        LIMIT_MS,
      );

    for (const [says, login] of NEVER_GOOD)
      test(
        `is not logged in with ${says}`,
        async () => {
          // The programs of one family have words of their own for any 401 at log-in.
          expect(await openAs(await login(), kind).then(() => 'logged in', String)).toMatch(
            /not authenticated: the (user name or password|token|service account key) is|invalid username\/password/,
          );
        },
        LIMIT_MS,
      );
  });

const chartAddress = (name: string): string => `${server.host}/${server.repositoryPath('private')}/${name}`;

describeWith('helm', ['helm'], () => {
  for (const [says, login] of FORMS)
    test(
      `pushes and pulls with ${says}`,
      async () => {
        const helm = openHelm(await stage('helm'));
        await helm.login(await login());
        const version = `1.0.${Math.floor(Math.random() * 1e9)}`;
        const digest = await helm.push(await helm.package({ name: 'shop', version }), chartAddress('charts'));
        expect(digest).toMatch(/^sha256:/);
        await helm.pull(chartAddress('charts/shop'), version);
      },
      LIMIT_MS,
    );

  test(
    'is refused with a token once it is revoked',
    async () => {
      const token = await who.accessToken(ann);
      const helm = openHelm(await stage('helm'));
      await helm.login(named('oauth2accesstoken', token));
      await helm.push(await helm.package({ name: 'ended', version: '1.0.0' }), chartAddress('charts'));
      await who.revoke(token);
      expect(await helm.pull(chartAddress('charts/ended'), '1.0.0').then(() => 'pulled', String)).toMatch(
        /token is unknown, has expired or was revoked/,
      );
    },
    LIMIT_MS,
  );
});

/** Status and body of a manifest, asked for with more arguments. */
async function curl(repository: string, ...args: readonly string[]): Promise<string> {
  const url = `${server.url}/v2/${server.image(repository, 'app').name}/manifests/v1`;
  const { stdout } = await succeed(['curl', '--silent', '--write-out', '\n%{http_code}', ...args, url]);
  return stdout;
}
const bearer = (token: string) => ['--header', `Authorization: Bearer ${token}`];

/** What `/v2/token` makes of a credential. */
async function registryToken({ username, password }: Login): Promise<string> {
  const scope = `repository:${server.image('shared', 'app').name}:pull`;
  const url = `${server.url}/v2/token?service=any&scope=${encodeURIComponent(scope)}`;
  const { stdout } = await succeed(['curl', '--silent', '--user', `${username}:${password}`, url]);
  return (JSON.parse(stdout) as { readonly token: string }).token;
}

describeWith('curl', ['curl'], () => {
  const BEARERS: readonly (readonly [says: string, token: () => Promise<string>])[] = [
    ['the access token of a log-in', () => who.accessToken(ann)],
    ['a personal token', async () => (await who.personalToken(ann)).token],
    ['a service account’s access token', () => who.keyFileToken(builderKey)],
    ['a JWT that the service account signed itself', async () => who.selfSigned(builderKey)],
    ['a registry token got with a password', () => registryToken(ann)],
    ['a registry token got with a key file', () => registryToken(named('_json_key', builderKey))],
  ];
  for (const [says, token] of BEARERS)
    test(
      `is let in with ${says} as Bearer`,
      async () => {
        expect(await curl('shared', ...bearer(await token()))).toEndWith('\n200');
      },
      LIMIT_MS,
    );

  test(
    'is let in with every form as Basic',
    async () => {
      for (const [says, login] of FORMS) {
        const { username, password } = await login();
        expect([says, await curl('shared', '--user', `${username}:${password}`)]).toEqual([
          says,
          expect.stringMatching(/\n200$/),
        ]);
      }
    },
    LIMIT_MS,
  );

  test(
    'is refused with what is no credential at all, on a public repository too',
    async () => {
      const good = await who.accessToken(ann);
      for (const header of [
        'Bearer made-up',
        'Bearer ',
        `Bearer ${good}x`,
        `Token ${good}`,
        good,
        'Basic !!!',
        `Basic ${base64('no colon')}`,
        `Basic ${base64(`${ann.username}:`)}`,
        `Basic ${base64(`:${ann.password}`)}`,
        `Bearer ${good}, Bearer ${good}`,
        `Bearer ${builderKey.replaceAll('\n', '')}`,
        // Signed by nobody (RFC 7519 section 6).
        `Bearer ${[{ alg: 'none' }, { sub: 'admin', iss: 'entrepot', aud: 'entrepot', exp: 4e9 }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`,
      ])
        expect([header, await curl('public', '--header', `Authorization: ${header}`)]).toEqual([
          header,
          expect.stringMatching(/not authenticated: .*\n401$/),
        ]);
      expect(await curl('public')).toEndWith('\n200');
    },
    LIMIT_MS,
  );

  test(
    'is refused with a registry token as soon as what it was got with ended',
    async () => {
      for (const { says, begin, told } of ENDINGS) {
        const [, token] = await ended(
          (seconds) => begin(who, seconds),
          async ({ login }) => {
            const got = await registryToken(login);
            expect([says, await curl('shared', ...bearer(got))]).toEqual([
              says,
              expect.stringMatching(/\n200$/),
            ]);
            return got;
          },
        );
        const answer = await curl('public', ...bearer(token));
        expect([says, answer]).toEqual([says, expect.stringMatching(/not authenticated: .*\n401$/)]);
        // A registry token does not know whether it was a password or a token that was changed.
        if (!/password/.test(says)) expect([says, answer]).toEqual([says, expect.stringMatching(told)]);
      }
    },
    LIMIT_MS,
  );
});

/** A home in which `entrepot` is logged in as ann and clients know of the helper. */
async function helpedHome(): Promise<Readonly<Record<string, string>>> {
  const at = await stage('helper');
  const bin = join(at.directory, 'bin');
  await mkdir(bin);
  await symlink(PROGRAM, join(bin, 'docker-credential-entrepot'));
  const containers = await containersHome(at);
  const config = join(at.directory, 'docker');
  const env = {
    ...containers,
    DOCKER_CONFIG: config,
    REGISTRY_AUTH_FILE: join(config, 'config.json'),
    PATH: `${bin}:${clientsPath}`,
  };
  await mkdir(config);
  await Bun.write(env.REGISTRY_AUTH_FILE, JSON.stringify({ credHelpers: { [server.host]: 'entrepot' } }));
  await succeed([PROGRAM, 'config', 'set', 'server', server.url], { env });
  const login = ['auth', 'login', `--username=${ann.username}`, '--password-stdin'];
  await succeed([PROGRAM, ...login], { env, stdin: ann.password });
  return env;
}

/** Each program reads one manifest in its own way. */
function readers(): readonly (readonly string[])[] {
  const address = `${server.host}/${server.image('shared', 'app').name}:v1`;
  return [
    ['crane', 'manifest', address],
    ['skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${address}`],
    ['podman', 'pull', '--quiet', address],
    ['oras', 'manifest', 'fetch', '--plain-http', address],
  ];
}

describeWith('the credential helper', ['crane', 'skopeo', 'podman', 'oras'], () => {
  test(
    'lets clients in while its log-in is good, and never as nobody',
    async () => {
      const env = await helpedHome();
      for (const command of readers()) await succeed(command, { env });

      const { stdout: token } = await succeed([PROGRAM, 'auth', 'print-access-token'], { env });
      await who.revoke(token.trim());
      for (const command of readers()) {
        const { code, stderr } = await attempt(command, { env });
        expect([command[0], code === 0, stderr]).toEqual([
          command[0],
          false,
          expect.stringMatching(/token is unknown, has expired or was revoked|log in/),
        ]);
      }
    },
    LIMIT_MS,
  );
});
