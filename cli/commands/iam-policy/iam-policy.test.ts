import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'bun:test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestServer } from '../../../server/testing/harness.ts';
import type { Io } from '../../io.ts';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';

let registry: TestRegistry;
let server: TestServer;
let admin: Person;
beforeAll(async () => {
  registry = await TestRegistry.start();
  ({ server } = registry);
  admin = await registry.admin();
  await server.account('ann');
  await server.account('bob');
});
afterAll(() => registry[Symbol.asyncDispose]());

let fetch: Io['fetch'];
beforeEach(() => {
  ({ fetch } = registry);
});

const PLACE = ['--project=my-project', '--location=us-central1'];
const run = (...words: readonly string[]) => admin.run(words, { fetch });
const repository = (verb: string, ...more: readonly string[]) =>
  run('artifacts', 'repositories', verb, ...more, ...PLACE, '--format=json');
const READER = 'roles/artifactregistry.reader';
const UNTIL = "request.time < timestamp('2027-01-01T00:00:00Z') && resource.tag in ['a', 'b']";

describe('bindings of a repository', () => {
  it('are added, shown and removed', async () => {
    await server.repository('simple');
    const added = await repository(
      'add-iam-policy-binding',
      'simple',
      '--member=user:ann',
      `--role=${READER}`,
    );
    expect(added).toMatchObject({ exit: 0, stderr: 'Updated IAM policy for repository [simple].\n' });
    const policy = JSON.parse(added.stdout) as object;
    expect(policy).toMatchObject({ bindings: [{ role: READER, members: ['user:ann'] }] });
    expect(JSON.parse((await repository('get-iam-policy', 'simple')).stdout)).toEqual(policy);

    await repository('add-iam-policy-binding', 'simple', '--member=user:bob', `--role=${READER}`);
    const removed = await repository(
      'remove-iam-policy-binding',
      'simple',
      '--member=user:ann',
      `--role=${READER}`,
    );
    expect(JSON.parse(removed.stdout)).toMatchObject({ bindings: [{ role: READER, members: ['user:bob'] }] });
    expect(
      await repository('remove-iam-policy-binding', 'simple', '--member=user:ann', `--role=${READER}`),
    ).toMatchObject({ exit: 3, stderr: expect.stringContaining(`no binding of ${READER} to user:ann`) });
  });

  it('have conditions, whose commas need no escape', async () => {
    await server.repository('conditional');
    const add = (...more: readonly string[]) =>
      repository('add-iam-policy-binding', 'conditional', '--member=user:ann', `--role=${READER}`, ...more);
    const added = await add(`--condition=expression=${UNTIL},title=a while,description=until, say, 2027`);
    expect(JSON.parse(added.stdout)).toMatchObject({
      version: 3,
      bindings: [
        {
          role: READER,
          members: ['user:ann'],
          condition: { expression: UNTIL, title: 'a while', description: 'until, say, 2027' },
        },
      ],
    });
    expect(await add()).toMatchObject({ exit: 2, stderr: expect.stringContaining('--condition=None') });
    const both = JSON.parse((await add('--condition=None')).stdout) as { bindings: object[] };
    expect(both.bindings).toHaveLength(2);
    const none = await repository(
      'remove-iam-policy-binding',
      'conditional',
      '--member=user:ann',
      `--role=${READER}`,
      '--all',
    );
    expect(JSON.parse(none.stdout)).not.toHaveProperty('bindings');
  });

  it('take a condition from a file, and gcloud’s separators', async () => {
    await server.repository('files');
    const file = join(admin.home, 'condition.yaml');
    await writeFile(file, `expression: "resource.tag == 'a'"\ntitle: one tag\n`);
    const ann = ['add-iam-policy-binding', 'files', '--member=user:ann', `--role=${READER}`] as const;
    await repository(...ann, `--condition-from-file=${file}`);
    const added = await repository(...ann, "--condition=^:^expression=resource.tag == 'b':title=b, that is");
    expect(JSON.parse(added.stdout)).toMatchObject({
      bindings: [
        { condition: { expression: "resource.tag == 'a'", title: 'one tag' } },
        { condition: { expression: "resource.tag == 'b'", title: 'b, that is' } },
      ],
    });
  });

  it.each([
    ['--condition=expression=true', 'needs expression and title'],
    ['--condition=expression=true,title=', 'needs expression and title'],
    ['--condition=titel=x', '[titel] is not one of'],
    ['--condition-from-file=/nowhere.json', 'cannot read /nowhere.json'],
  ])('refuse %s before anything is sent', async (flag, says) => {
    fetch = () => Promise.reject(new Error('nothing is to be sent'));
    expect(
      await repository('add-iam-policy-binding', 'x', '--member=user:ann', `--role=${READER}`, flag),
    ).toMatchObject({ exit: 2, stderr: expect.stringContaining(says) });
  });

  it('are changed again from the start when somebody else was quicker', async () => {
    await server.repository('raced');
    let others = 2;
    fetch = async (request) => {
      if (request.url.endsWith(':setIamPolicy') && others > 0) {
        others -= 1;
        await server.grant(
          'projects/my-project/locations/us-central1/repositories/raced',
          `roles/artifactregistry.${others === 1 ? 'writer' : 'repoAdmin'}`,
          'user:bob',
        );
      }
      return registry.fetch(request);
    };
    const added = await repository(
      'add-iam-policy-binding',
      'raced',
      '--member=user:ann',
      `--role=${READER}`,
    );
    expect(JSON.parse(added.stdout)).toMatchObject({
      bindings: [
        { role: 'roles/artifactregistry.writer', members: ['user:bob'] },
        { role: 'roles/artifactregistry.repoAdmin', members: ['user:bob'] },
        { role: READER, members: ['user:ann'] },
      ],
    });
  });
});

describe('a policy file', () => {
  it('replaces the policy it was made from, and no other', async () => {
    await server.repository('whole');
    const file = join(admin.home, 'policy.yaml');
    const got = await run('artifacts', 'repositories', 'get-iam-policy', 'whole', ...PLACE);
    await writeFile(file, `bindings:\n- members:\n  - user:ann\n  role: ${READER}\n${got.stdout}`);
    expect(await repository('set-iam-policy', 'whole', file)).toMatchObject({ exit: 0 });
    expect(await repository('set-iam-policy', 'whole', file)).toMatchObject({
      exit: 5,
      stderr: expect.stringContaining('There were concurrent policy changes'),
    });
  });

  it('may be without an etag, where the person agrees', async () => {
    await server.repository('blind');
    await repository('add-iam-policy-binding', 'blind', '--member=user:bob', `--role=${READER}`);
    const file = join(admin.home, 'blind.json');
    await writeFile(file, JSON.stringify({ bindings: [{ role: READER, members: ['user:ann'] }] }));
    const set = await repository('set-iam-policy', 'blind', file);
    expect(JSON.parse(set.stdout)).toMatchObject({ bindings: [{ role: READER, members: ['user:ann'] }] });
  });

  it.each([
    ['[]', 'must hold an object'],
    ['{"bindings": [', 'neither JSON nor YAML'],
    ['a: [', 'neither JSON nor YAML'],
  ])('that holds %s is refused', async (content, says) => {
    const file = join(admin.home, 'broken.json');
    await writeFile(file, content);
    expect(await repository('set-iam-policy', 'images', file)).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining(says),
    });
  });
});

describe('the same commands', () => {
  it.each([
    [['projects'], 'my-project'],
    [['organizations'], 'entrepot'],
  ])('are there under %s', async (words, id) => {
    const role = '--role=roles/logging.viewer';
    const added = await run(
      ...words,
      'add-iam-policy-binding',
      id,
      '--member=user:bob',
      role,
      '--format=json',
    );
    expect(added.stderr).toBe(`Updated IAM policy for ${words[0]?.slice(0, -1)} [${id}].\n`);
    expect(added.stdout).toContain('user:bob');
    const removed = await run(...words, 'remove-iam-policy-binding', id, '--member=user:bob', role);
    expect(removed).toMatchObject({ exit: 0 });
  });

  it('know one organization', async () => {
    expect(await run('organizations', 'get-iam-policy', '12345')).toMatchObject({ exit: 2 });
  });
});
