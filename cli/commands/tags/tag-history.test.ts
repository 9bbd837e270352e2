import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { Members } from '../../../server/testing/members.ts';
import { NpmClient } from '../../../server/testing/npm.ts';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';

const MINUTE = 60_000;

let registry: TestRegistry;
let admin: Person;
let npm: NpmClient;
let repository: string;
/** `latest` of three versions, a minute each, and `next` of the last. */
beforeAll(async () => {
  registry = await TestRegistry.start();
  admin = await registry.admin();
  const { server } = registry;
  repository = await new Members(server, 'NPM').standard('npm');
  npm = new NpmClient(server, repository);
  for (const version of ['1.0.0', '1.1.0', '2.0.0']) {
    await npm.publish({ name: '@acme/tool', version });
    server.clock.advance(MINUTE);
  }
  await npm.put('-/package/@acme%2ftool/dist-tags/next', '2.0.0');
});
afterAll(() => registry[Symbol.asyncDispose]());

const run = (line: string) =>
  admin.run([
    ...line.split(' '),
    '--project=my-project',
    '--location=us-central1',
    `--repository=${repository}`,
  ]);
const rows = async (line: string): Promise<readonly string[]> => {
  const { stdout, stderr } = await run(`artifacts tags history ${line}`);
  if (stdout === '') throw new Error(stderr);
  return stdout.trim().split('\n');
};
const tags = async () => (await npm.json('@acme%2ftool'))['dist-tags'];
const CSV = '--format=csv[no-heading](tag.basename(),type,version.basename())';

describe('artifacts tags history', () => {
  it('shows what happened to a dist-tag, newest first', async () => {
    const [heading, ...events] = await rows('latest --package=@acme/tool');
    expect(heading?.split(/\s+/)).toEqual(['TIME', 'TAG', 'EVENT', 'VERSION', 'BY']);
    expect(events.map((row) => row.split(/\s+/).slice(1))).toEqual([
      ['latest', 'MOVED', '2.0.0', 'user:admin'],
      ['latest', 'MOVED', '1.1.0', 'user:admin'],
      ['latest', 'CREATED', '1.0.0', 'user:admin'],
    ]);
  });

  it('shows all tags of a package', async () => {
    expect((await rows(`--package=@acme/tool ${CSV}`))[0]).toBe('next,CREATED,2.0.0');
  });

  it('prints the names of tags where names are wanted', async () => {
    const path = `projects/my-project/locations/us-central1/repositories/${repository}`;
    expect(await rows('--package=@acme/tool --uri --limit=2')).toEqual([
      `${path}/packages/@acme%2Ftool/tags/next`,
      `${path}/packages/@acme%2Ftool/tags/latest`,
    ]);
  });

  it.each([
    ['', 2, 'name a TAG or a --package'],
    ['latest', 2, '--package'],
    ['never --package=@acme/tool', 3, 'never'],
  ])('refuses %p', async (line, code, words) => {
    const answer = await run(`artifacts tags history ${line}`.trim());
    expect([answer.exit, answer.stderr]).toEqual([code, expect.stringContaining(words)]);
  });
});

const rollback = (line: string) => run(`artifacts tags rollback ${line} --package=@acme/tool`);

describe('artifacts tags rollback', () => {
  it('takes the last move back, and what is installed with it', async () => {
    expect((await rollback('latest')).stderr).toContain('Tag [latest] is at [1.1.0] again.');
    expect(await tags()).toEqual({ latest: '1.1.0', next: '2.0.0' });
    await rollback('latest');
    expect(await tags()).toEqual({ latest: '2.0.0', next: '2.0.0' });
  });

  it('goes to a version, and to a time', async () => {
    await rollback('latest --to=1.0.0');
    expect((await tags()).latest).toBe('1.0.0');
    await rollback('latest --as-of=2026-03-01T12:01:30Z');
    expect((await tags()).latest).toBe('1.1.0');
  });

  it.each([
    ['next', 'named nothing else before'],
    ['latest --to=9.9.9', 'never named 9.9.9'],
    ['latest --to=1.0.0 --as-of=2026-03-01T12:00:00Z', 'exclude each other'],
    ['latest --as-of=yesterday', 'is not a time'],
  ])('refuses %p', async (line, words) => {
    const { exit: code, stderr } = await rollback(line);
    expect(code).not.toBe(0);
    expect(stderr).toContain(words);
  });
});
