import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HOST, temporary } from '../../../server/testing/harness.ts';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';

let registry: TestRegistry;
let admin: Person;
let directory: string;
let key: string;
beforeAll(async () => {
  directory = await temporary();
  registry = await TestRegistry.start();
  admin = await registry.admin();
  await run('artifacts repositories create packages --repository-format=npm');
  await run('iam service-accounts create robot-one');
  key = join(directory, 'key.json');
  const account = 'robot-one@my-project.iam.gserviceaccount.com';
  await run(`iam service-accounts keys create ${key} --iam-account=${account}`);
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const run = (line: string) =>
  admin.run([...line.split(' '), '--project=my-project', '--location=us-central1']);
const ADDRESS = `${HOST}/us-central1-npm/my-project/packages`;

describe('print-settings npm', () => {
  it('says where packages are', async () => {
    const { stdout, exit } = await run('artifacts print-settings npm --repository=packages');
    expect({ stdout, exit }).toEqual({
      stdout: `# For the .npmrc of the project:\nregistry=http://${ADDRESS}/\n//${ADDRESS}/:always-auth=true\n`,
      exit: 0,
    });
  });

  it('says it of a scope', async () => {
    const { stdout } = await run('artifacts print-settings npm --repository=packages --scope=@acme');
    expect(stdout).toContain(`\n@acme:registry=http://${ADDRESS}/\n`);
  });

  it('logs in with a key, by what npm sends of it', async () => {
    const { stdout } = await run(`artifacts print-settings npm --repository=packages --json-key=${key}`);
    const settings = new Map(
      stdout
        .split('\n')
        .filter((line) => line.includes('='))
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    expect(settings.get(`//${ADDRESS}/:username`)).toBe('_json_key_base64');
    expect(settings.get(`//${ADDRESS}/:email`)).toBe('not.valid@email.com');
    const password = atob((settings.get(`//${ADDRESS}/:_password`) ?? '').replaceAll('"', ''));
    expect(atob(password)).toBe(await readFile(key, 'utf8'));
    const as = `Basic ${btoa(`_json_key_base64:${password}`)}`;
    const answer = await registry.server.send('GET', '/us-central1-npm/my-project/packages/-/whoami', { as });
    expect(answer.status).not.toBe(401);
  });

  it.each([
    ['--repository=images', 'holds docker, not npm; give another --repository'],
    ['--repository=packages --scope=acme', '[acme] is not a scope; write one such as @acme'],
    ['--repository=packages --scope=@a/b', '[@a/b] is not a scope'],
    ['--repository=packages --json-key=missing.json', 'cannot read the key file missing.json'],
  ])('refuses %s', async (flags, words) => {
    const { exit, stderr, stdout } = await run(`artifacts print-settings npm ${flags}`);
    expect({ exit, stdout, stderr }).toEqual({ exit: 2, stdout: '', stderr: expect.stringContaining(words) });
  });

  it('refuses a file that is no key', async () => {
    const file = join(directory, 'other.json');
    await writeFile(file, '{}');
    const { exit, stderr } = await run(
      `artifacts print-settings npm --repository=packages --json-key=${file}`,
    );
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining('is not a key file') });
  });
});

describe('print-settings python', () => {
  const PYTHON = `${HOST}/us-central1-python/my-project/wheels`;
  beforeAll(() => run('artifacts repositories create wheels --repository-format=python'));

  it('says where packages are, and where they go', async () => {
    const { stdout, exit } = await run('artifacts print-settings python --repository=wheels');
    expect(exit).toBe(0);
    expect(stdout).toContain(`[global]\nindex-url = http://${PYTHON}/simple/\n`);
    expect(stdout).toContain(`publish-url = "http://${PYTHON}/"\n`);
    expect(stdout).toContain(`[wheels]\nrepository: http://${PYTHON}/\n`);
    expect(stdout).not.toContain('password');
  });

  it('logs in with a key', async () => {
    const { stdout } = await run(`artifacts print-settings python --repository=wheels --json-key=${key}`);
    const [, index = ''] = /^index-url = (\S+)$/m.exec(stdout) ?? [];
    const { username, password } = new URL(index);
    expect(username).toBe('_json_key_base64');
    expect(atob(decodeURIComponent(password))).toBe(await readFile(key, 'utf8'));
    const as = `Basic ${btoa(`${username}:${decodeURIComponent(password)}`)}`;
    const answer = await registry.server.send('GET', '/us-central1-python/my-project/wheels/simple/', { as });
    expect(answer.status).not.toBe(401);
  });

  it('refuses a repository of another format', async () => {
    const { exit, stderr } = await run('artifacts print-settings python --repository=packages');
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining('holds npm, not python') });
  });
});

describe('print-settings go', () => {
  const GO = `${HOST}/us-central1-go/my-project/modules`;
  beforeAll(() => run('artifacts repositories create modules --repository-format=go'));

  it('says where modules are, and where credentials come from', async () => {
    const { stdout, exit } = await run('artifacts print-settings go --repository=modules');
    expect(exit).toBe(0);
    expect(stdout).toContain(`\ngo env -w GOPROXY=http://${GO}\n`);
    expect(stdout).toContain(`\ngo env -w GOAUTH='entrepot artifacts go auth --server=http://${HOST}'\n`);
  });

  it('logs in with a key', async () => {
    const { stdout } = await run(`artifacts print-settings go --repository=modules --json-key=${key}`);
    const [, username = '', password = ''] = /^machine \S+ login (\S+) password (\S+)$/m.exec(stdout) ?? [];
    expect(atob(password)).toBe(await readFile(key, 'utf8'));
    const as = `Basic ${btoa(`${username}:${password}`)}`;
    const path = '/us-central1-go/my-project/modules/example.com/@v/list';
    expect((await registry.server.send('GET', path, { as })).status).not.toBe(401);
  });

  it('refuses a repository of another format', async () => {
    const { exit, stderr } = await run('artifacts print-settings go --repository=packages');
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining('holds npm, not go') });
  });
});

it('print-settings docker says how to log in and what images are called', async () => {
  const { stdout } = await run('artifacts print-settings docker --repository=images');
  expect(stdout).toBe(
    `# Once, so that docker logs in as you:\nentrepot auth configure-docker ${HOST}\n\n` +
      `# What images are called:\n${HOST}/us-central1-docker/my-project/images/IMAGE:TAG\n`,
  );
});

describe('print-settings for Maven', () => {
  const URL = `http://${HOST}/us-central1-maven/my-project/jars`;
  beforeAll(async () => {
    await run('artifacts repositories create jars --repository-format=maven');
    await run('artifacts repositories create fixed --repository-format=maven --version-policy=release');
  });

  it('says where artifacts are, and where they go', async () => {
    const { stdout, exit } = await run('artifacts print-settings mvn --repository=jars');
    expect(exit).toBe(0);
    expect(stdout).toContain(
      `<snapshotRepository>\n      <id>artifact-registry</id>\n      <url>${URL}</url>\n    </snapshotRepository>`,
    );
    expect(stdout).toContain('<username>oauth2accesstoken</username>');
  });

  it('names no snapshots where none are taken', async () => {
    const { stdout } = await run('artifacts print-settings mvn --repository=fixed');
    expect(stdout).toContain('<snapshots><enabled>false</enabled></snapshots>');
    expect(stdout).not.toContain('<snapshotRepository>');
  });

  it('logs in with a key', async () => {
    const { stdout } = await run(`artifacts print-settings mvn --repository=jars --json-key=${key}`);
    const [, username, password = ''] =
      /<username>(.*)<\/username>\s*<password>(.*)<\/password>/.exec(stdout) ?? [];
    expect([username, atob(password)]).toEqual(['_json_key_base64', await readFile(key, 'utf8')]);
    const as = `Basic ${btoa(`_json_key_base64:${password}`)}`;
    const answer = await registry.server.send(
      'GET',
      '/us-central1-maven/my-project/jars/a/b/maven-metadata.xml',
      { as },
    );
    expect(answer.status).not.toBe(401);
    const gradle = await run(`artifacts print-settings gradle --repository=jars --json-key=${key}`);
    expect(gradle.stdout).toContain('// artifactRegistryUsername=_json_key_base64\n');
    expect(gradle.stdout).toContain(`// artifactRegistryPassword=${password}\n`);
    expect(gradle.stdout).toContain(`    url = uri("${URL}")\n`);
  });

  it('refuses a repository of something else', async () => {
    const { exit, stderr } = await run('artifacts print-settings gradle --repository=packages');
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining('holds npm, not maven') });
  });
});
