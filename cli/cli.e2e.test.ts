import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildFixtures, type Fixtures } from '../e2e/fixtures/image.ts';
import { describeWith } from '../e2e/harness/needs.ts';
import { pushTree } from '../e2e/harness/push.ts';
import { attempt, type Finished, succeed } from '../e2e/harness/run.ts';
import { type Scratch, scratch } from '../e2e/harness/scratch.ts';
import { type Server, startServer } from '../e2e/harness/server.ts';

const LIMIT_MS = 120_000;
const PROGRAM = join(import.meta.dir, '..', 'entrepot');
const PLACE = 'projects/my-project/locations/us-central1/repositories/images';

let server: Server;
let space: Scratch;
let fixtures: Fixtures;
/** The repository as container tools write it. */
let images: string;

beforeAll(async () => {
  space = await scratch('cli');
  fixtures = await buildFixtures(join(space.path, 'fixtures'));
  server = await startServer();
  images = `${server.host}/${server.repositoryPath('images')}`;
  for (const line of [
    `config set server ${server.url}`,
    'config set project my-project',
    'config set artifacts/location us-central1',
    'config set artifacts/repository images',
  ])
    await done(line);
  await done('auth login --username=admin --password-stdin', server.password);
  await done('artifacts repositories create images --repository-format=docker --labels=team=web');
  for (const [name, tag] of [
    ['app', 'v1'],
    ['team/web', 'latest'],
  ] as const)
    await pushTree(server.image('images', name), fixtures.multi, tag);
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

const words = (line: string | readonly string[]): readonly string[] =>
  typeof line === 'string' ? line.split(' ') : line;

/** Runs the real program, whatever it answers. */
const run = (line: string | readonly string[], stdin?: string): Promise<Finished> =>
  attempt([PROGRAM, ...words(line)], {
    env: { HOME: space.path },
    ...(stdin === undefined ? {} : { stdin }),
  });

/** Runs a line that must succeed and answers what it printed. */
async function done(line: string | readonly string[], stdin?: string): Promise<string> {
  const options = { env: { HOME: space.path }, ...(stdin === undefined ? {} : { stdin }) };
  return (await succeed([PROGRAM, ...words(line)], options)).stdout;
}
const json = async (line: string): Promise<unknown> => JSON.parse(await done(`${line} --format=json`));
const lines = async (line: string): Promise<readonly string[]> => (await done(line)).trim().split('\n');

describe('repositories', () => {
  it('are created, listed, described, changed and deleted', async () => {
    await done(
      'artifacts repositories create tools --repository-format=docker --location=europe-west1 --description=Tools',
    );

    expect(
      await lines(
        'artifacts repositories list --location=all --format=value(name.basename(),name.segment(3))',
      ),
    ).toEqual(['tools\teurope-west1', 'images\tus-central1']);
    await done(
      'artifacts repositories update tools --location=europe-west1 --immutable-tags --update-labels=a=1,b=2',
    );
    await done('artifacts repositories update tools --location=europe-west1 --remove-labels=a');
    expect(await json('artifacts repositories describe tools --location=europe-west1')).toMatchObject({
      description: 'Tools',
      dockerConfig: { immutableTags: true },
      labels: { b: '2' },
    });
    await done('artifacts repositories delete tools --location=europe-west1 --quiet');
    expect((await run('artifacts repositories describe tools --location=europe-west1')).code).toBe(3);
  });

  it('say so when they exist already, and name nothing that does not', async () => {
    expect(await run('artifacts repositories create images --repository-format=docker')).toMatchObject({
      code: 5,
      stdout: '',
      stderr: expect.stringContaining(
        'ERROR: (entrepot.artifacts.repositories.create) the repository already exists',
      ),
    });
    expect((await run('artifacts repositories create other --repository-format=nonsense')).code).toBe(1);
  });

  it('are found by the server when the filter is a name', async () => {
    const filter = '--filter=name="projects/my-project/locations/us-central1/repositories/im*"';

    expect(await done(['artifacts', 'repositories', 'list', '--uri', filter])).toBe(`${PLACE}\n`);
  });

  it('keep cleanup policies', async () => {
    const file = join(space.path, 'policy.json');
    await writeFile(
      file,
      JSON.stringify([
        { name: 'old', action: { type: 'Delete' }, condition: { tagState: 'any', olderThan: '30d' } },
        { name: 'recent', action: { type: 'Keep' }, mostRecentVersions: { keepCount: 5 } },
      ]),
    );

    await done(`artifacts repositories set-cleanup-policies images --policy=${file} --dry-run`);

    const listed = await run('artifacts repositories list-cleanup-policies images');
    expect(JSON.parse(listed.stdout)).toEqual([
      { name: 'old', action: { type: 'DELETE' }, condition: { tagState: 'ANY', olderThan: '2592000s' } },
      { name: 'recent', action: { type: 'KEEP' }, mostRecentVersions: { keepCount: 5 } },
    ]);
    expect(listed.stderr).toBe('Dry run is enabled.\n');
    await done('artifacts repositories delete-cleanup-policies images --policynames=old,recent');
    expect(await json('artifacts repositories list-cleanup-policies images')).toEqual([]);
  });
});

describe('images', () => {
  it('are listed with their tags, in every way a path can be written', async () => {
    const expected = { package: `${images}/app`, version: fixtures.multi.root.digest, tags: ['v1'] };

    const all = await json(`artifacts docker images list ${images} --include-tags --filter=tags:*`);
    expect(all).toEqual([
      expect.objectContaining(expected),
      expect.objectContaining({ package: `${images}/team/web`, tags: ['latest'] }),
    ]);
    expect(await json(`artifacts docker images list ${images}/app --include-tags --filter=tags:v1`)).toEqual([
      expect.objectContaining(expected),
    ]);
    expect(await json('artifacts docker images list --include-tags --filter=tags:v1')).toEqual([
      expect.objectContaining(expected),
    ]);
    expect(
      await json('artifacts docker images list us-central1-docker.pkg.dev/my-project/images --limit=1'),
    ).toHaveLength(1);
  });

  it('are described by tag and by digest', async () => {
    const summary = {
      digest: fixtures.multi.root.digest,
      fully_qualified_digest: `${images}/team/web@${fixtures.multi.root.digest}`,
      repository: 'images',
      platforms: [
        expect.objectContaining({ architecture: 'amd64' }),
        expect.objectContaining({ architecture: 'arm64' }),
      ],
    };

    for (const reference of ['', ':latest', `@${fixtures.multi.root.digest}`])
      expect(await json(`artifacts docker images describe ${images}/team/web${reference}`)).toMatchObject({
        image_summary: summary,
      });
  });

  it('get tags, which move and go', async () => {
    await pushTree(server.image('images', 'tagged'), fixtures.image, 'one');
    await pushTree(server.image('images', 'tagged'), fixtures.multi, 'two');
    const tags = () =>
      lines(`artifacts docker tags list ${images}/tagged --format=value(tag.basename(),version.basename())`);

    await done(`artifacts docker tags add ${images}/tagged:one ${images}/tagged:live`);
    expect(await tags()).toContain(`live\t${fixtures.image.root.digest}`);
    await done(
      `artifacts docker tags add ${images}/tagged@${fixtures.multi.root.digest} ${images}/tagged:live`,
    );
    expect(await tags()).toContain(`live\t${fixtures.multi.root.digest}`);
    await done(`artifacts docker tags delete ${images}/tagged:live`);
    expect(await tags()).toEqual([
      `one\t${fixtures.image.root.digest}`,
      `two\t${fixtures.multi.root.digest}`,
    ]);
    expect((await run(`artifacts docker tags delete ${images}/tagged:live`)).code).toBe(3);
  });

  it('are deleted only with their tags, and whole when no version is named', async () => {
    await pushTree(server.image('images', 'doomed'), fixtures.image, 'a');
    await done(`artifacts docker tags add ${images}/doomed:a ${images}/doomed:b`);

    const refused = await run(`artifacts docker images delete ${images}/doomed:a`);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain('because it is tagged: b; give --delete-tags');
    await done(`artifacts docker images delete ${images}/doomed:a --delete-tags`);
    expect(await json(`artifacts docker images list ${images}/doomed`)).toEqual([]);
    await done(`artifacts docker images delete ${images}/doomed`);
    expect((await run(`artifacts packages describe doomed`)).code).toBe(3);
  });

  it('of another server are not touched', async () => {
    const ran = await run(
      'artifacts docker images delete other.example.com/us-central1-docker/my-project/images/app',
    );

    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(`is at other.example.com, but the server is ${server.url}`);
  });
});

describe('packages, versions and tags', () => {
  it('are listed by any field, newest first', async () => {
    expect(
      await lines('artifacts packages list --format=value(name.basename()) --filter=PACKAGE:team*'),
    ).toEqual(['team%2Fweb']);
    const dates = await lines(
      'artifacts versions list --package=app --sort-by=~createTime --format=value(createTime)',
    );
    expect(dates).toHaveLength(3);
    expect(dates).toEqual(dates.toSorted().toReversed());
  });

  it('take annotations', async () => {
    await done('artifacts packages update team/web --annotations=owner=ann');
    await done(
      `artifacts versions update ${fixtures.multi.root.digest} --package=team/web --annotations=tested=yes`,
    );

    expect(await json('artifacts packages list --filter=annotations.owner:ann')).toEqual([
      expect.objectContaining({ name: `${PLACE}/packages/team%2Fweb`, annotations: { owner: 'ann' } }),
    ]);
    expect(
      await json(`artifacts versions describe ${fixtures.multi.root.digest} --package=team/web`),
    ).toMatchObject({
      annotations: { tested: 'yes' },
      relatedTags: [{ name: `${PLACE}/packages/team%2Fweb/tags/latest` }],
    });
  });

  it('are made, moved and deleted by their own commands', async () => {
    await pushTree(server.image('images', 'lib'), fixtures.image, 'first');
    const version = fixtures.image.root.digest;

    await done(`artifacts tags create second --package=lib --version=${version}`);
    expect((await run(`artifacts tags create second --package=lib --version=${version}`)).code).toBe(5);
    await done(`artifacts tags update second --package=lib --version=${version}`);
    expect(await lines('artifacts tags list --package=lib --format=value(name.basename())')).toEqual([
      'first',
      'second',
    ]);
    const refused = await run(`artifacts versions delete ${version} --package=lib`);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain('--delete-tags');
    await done('artifacts tags delete second --package=lib');
    await done(`artifacts versions delete ${version} --package=lib --delete-tags`);
    await done('artifacts packages delete lib');
    expect((await run('artifacts packages describe lib')).code).toBe(3);
  });
});

describe('files', () => {
  it('are listed by owner, described, and downloaded whole', async () => {
    const [largest = ''] = await lines(
      'artifacts files list --sort-by=~sizeBytes --limit=1 --format=value(name)',
    );
    const directory = join(space.path, 'downloads');
    await mkdir(directory);

    const told = await run(`artifacts files download ${largest} --destination=${directory}`);

    expect(told.stderr).toContain('checksum verified');
    const [name = ''] = await readdir(directory);
    const digest = `sha256:${new Bun.CryptoHasher('sha256').update(await readFile(join(directory, name))).digest('hex')}`;
    expect(largest).toEndWith(digest);
    expect((await run(`artifacts files download ${largest} --destination=${directory}`)).code).toBe(5);
    expect(await lines('artifacts files list --package=team/web --tag=latest --format=value(owner)')).toEqual(
      [`${PLACE}/packages/team%2Fweb/versions/${fixtures.multi.root.digest}`],
    );
    expect((await run(`artifacts files delete ${largest}`)).code).toBe(5);
  });
});

describe('projects and places', () => {
  it('are created, listed and deleted', async () => {
    await done(['projects', 'create', 'web-shop', '--name=The shop']);

    expect(await lines('projects list --format=value(projectId,name)')).toEqual([
      'my-project\tmy-project',
      'web-shop\tThe shop',
    ]);
    await done('projects delete web-shop');
    expect((await run('projects describe web-shop')).code).toBe(3);
    expect((await run('projects delete my-project')).code).toBe(5);
    expect(await lines('artifacts locations list --format=value(locationId)')).toContain('us-central1');
    expect((await run('services enable artifactregistry.googleapis.com')).stderr).toContain('always on');
    expect(await json('artifacts settings describe')).toMatchObject({
      name: 'projects/my-project/projectSettings',
    });
  });

  it('leave an operation to look at', async () => {
    const name = (
      await done('artifacts repositories create late --repository-format=docker --async --format=value(name)')
    ).trim();

    expect(await json(`artifacts operations describe ${name}`)).toMatchObject({ name, done: true });
    await done('artifacts repositories delete late');
  });
});

describe('the program', () => {
  it('takes a password on a terminal without showing it', async () => {
    let shown = '';
    let step = 0;
    const answers = [
      [/User name: $/, 'admin\n'],
      [/Password of admin: $/, `${server.password}x\u007F\n`],
    ] as const;
    const child = Bun.spawn([PROGRAM, 'auth', 'login', `--server=${server.url}`], {
      env: { PATH: process.env['PATH'], HOME: join(space.path, 'person') },
      terminal: {
        cols: 80,
        rows: 24,
        data(terminal, data) {
          shown += new TextDecoder().decode(data);
          const [question, answer] = answers[step] ?? [];
          if (question === undefined || answer === undefined || !question.test(shown)) return;
          step += 1;
          terminal.write(answer);
        },
      },
    });

    expect(await child.exited).toBe(0);

    expect(shown).toContain(`Logged in to ${server.url} as admin`);
    expect(shown).not.toContain(server.password);
  });

  it('refuses a wrong password', async () => {
    const ran = await run('auth login --username=admin --password-stdin', 'wrong');

    expect(ran).toMatchObject({ code: 4, stdout: '' });
    expect(ran.stderr).toContain('does not accept this user name and password');
  });

  it('says where to log in when nobody is', async () => {
    const env = { HOME: join(space.path, 'nobody') };

    const ran = await attempt([PROGRAM, 'projects', 'list', `--server=${server.url}`], { env });

    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('log in with "entrepot auth login"');
  });

  it('ends quietly when its reader does', async () => {
    const script = `"${PROGRAM}" help formats | true; echo "\${PIPESTATUS[0]}"`;

    const ran = await attempt(['bash', '-c', script], { env: { HOME: space.path } });

    expect(ran).toMatchObject({ stdout: '0\n', stderr: '' });
  });

  it('runs through links', async () => {
    await mkdir(join(space.path, 'links'));
    await symlink(PROGRAM, join(space.path, 'links', 'entrepot'));

    const ran = await succeed([join(space.path, 'links', 'entrepot'), 'version', '--format=value(entrepot)']);

    expect(ran.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('says what to do when its runtime is not installed', async () => {
    const checkout = join(space.path, 'checkout');
    await mkdir(checkout);
    await writeFile(join(checkout, 'entrepot'), await readFile(PROGRAM), { mode: 0o755 });

    const ran = await attempt([join(checkout, 'entrepot'), 'version']);

    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('run npm ci first');
  });
});

describeWith('the credential helper', ['skopeo'], () => {
  it('lets a stock client in', async () => {
    const bin = join(space.path, 'bin');
    await mkdir(bin);
    await symlink(PROGRAM, join(bin, 'docker-credential-entrepot'));
    const env = { HOME: space.path, PATH: `${bin}:${process.env['PATH']}` };
    const inspect = () =>
      attempt(['skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${images}/app:v1`], { env });

    expect((await inspect()).code).not.toBe(0);
    await succeed([PROGRAM, 'auth', 'configure-docker'], { env });
    const { code, stdout } = await inspect();

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ manifests: expect.any(Array) });
  });
});
