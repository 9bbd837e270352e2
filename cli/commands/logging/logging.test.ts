import { afterEach, beforeEach, describe, expect, it, test } from 'bun:test';
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN_PASSWORD, TestServer } from '../../../server/testing/harness.ts';
import { Person } from '../../testing/scripted-io.ts';
import { fresh, parseAge } from './freshness.ts';

let server: TestServer;
let person: Person;
let folder: string;
let token: string;
let asked: string[];
beforeEach(async () => {
  server = await TestServer.start();
  token = await server.accessToken('admin', ADMIN_PASSWORD);
  folder = await mkdtemp(join(tmpdir(), 'entrepot-logging-'));
  person = await Person.arrive();
  asked = [];
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  await person[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const run = (words: readonly string[], terminal = false) =>
  person.run(words, {
    terminal,
    now: server.clock.now,
    env: { ENTREPOT_ACCESS_TOKEN: token, CLOUDSDK_CORE_DISABLE_PROMPTS: '1' },
    fetch: async (request) => {
      request.headers.set('host', 'localhost:8080');
      asked.push(`${new URL(request.url).pathname} ${await request.clone().text()}`);
      return server.answer(request);
    },
  });
const PLACE = ['--project=my-project', '--location=us-central1'];
const create = async (...names: readonly string[]) => {
  for (const name of names) {
    const made = await run([
      'artifacts',
      'repositories',
      'create',
      name,
      '--repository-format=docker',
      ...PLACE,
    ]);
    expect(made).toMatchObject({ exit: 0 });
    server.clock.advance(60_000);
  }
};
const read = async (...words: readonly string[]) => {
  const { exit, stdout, stderr } = await run(['logging', 'read', ...words]);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: stdout.trim() === '[]' ? expect.any(String) : '' });
  return stdout;
};
const NAMES = '--format=value(protoPayload.resourceName.basename())';
const CREATED = 'protoPayload.methodName:CreateRepository';

describe('logging read', () => {
  it('shows entries of the project, the newest first', async () => {
    await create('one', 'two', 'three');
    expect(await read(CREATED, '--project=my-project', NAMES)).toBe('three\ntwo\none\n');
    expect(await read(CREATED, '--project=my-project', NAMES, '--order=asc')).toBe('one\ntwo\nthree\n');
  });

  it('stops at a limit and asks for no more than that', async () => {
    await create('one', 'two', 'three');
    asked = [];
    expect(await read(CREATED, '--project=my-project', NAMES, '--limit=2')).toBe('three\ntwo\n');
    expect(asked).toEqual([expect.stringMatching(/^\/v2\/entries:list .*"pageSize":2/)]);
  });

  it('goes from page to page', async () => {
    await create('one', 'two', 'three');
    asked = [];
    expect(await read(CREATED, '--project=my-project', NAMES, '--page-size=1')).toBe('three\ntwo\none\n');
    expect(asked).toHaveLength(3);
  });

  it('shows the last day, unless it is told otherwise', async () => {
    await create('old');
    server.clock.advance(2 * 86_400_000);
    token = await server.accessToken('admin', ADMIN_PASSWORD);
    await create('new');
    const here = [CREATED, '--project=my-project', NAMES];
    expect(await read(...here)).toBe('new\n');
    expect(await read(...here, '--freshness=3d')).toBe('new\nold\n');
    expect(await read(...here, '--order=asc')).toBe('old\nnew\n');
    expect(await read(`${CREATED} timestamp>"2020-01-01"`, ...here.slice(1))).toBe('new\nold\n');
  });

  it('reads the whole installation, and prints what Cloud Logging has', async () => {
    await create('one');
    const text = await read(CREATED, '--organization=entrepot', '--format=json');
    expect(JSON.parse(text)).toMatchObject([
      {
        logName: 'projects/my-project/logs/cloudaudit.googleapis.com%2Factivity',
        protoPayload: { authenticationInfo: { principalEmail: 'admin' } },
      },
    ]);
    expect(await read(CREATED, '--organization=entrepot')).toContain('principalEmail: admin');
  });

  it.each([
    [['severity>=LOUD', '--project=my-project'], 2, /"LOUD" is not one of DEFAULT/],
    [['--freshness=soon', '--project=my-project'], 2, /\[soon\] is not an age such as 30m, 12h or 7d/],
    [['--project=p', '--organization=entrepot'], 2, /either --project or --organization/],
    [['--organization=acme'], 2, /there is one, entrepot/],
    [[], 2, /no project is set/],
  ])('%j is refused in a sentence', async (words, exit, says) => {
    const ran = await run(['logging', 'read', ...words]);
    expect({ exit: ran.exit, stdout: ran.stdout }).toEqual({ exit: expect.any(Number), stdout: '' });
    expect(ran.stderr).toMatch(says);
    expect([1, exit]).toContain(ran.exit);
  });

  it('is refused to those who may not read logs', async () => {
    await server.account('ann');
    token = await server.accessToken('ann', "ann's password");
    expect(await run(['logging', 'read', '--project=my-project'])).toMatchObject({ exit: 4, stdout: '' });
  });
});

const file = (): string => join(folder, 'audit.jsonl');
const lines = async () => (await readFile(file(), 'utf8')).trimEnd().split('\n');
const exported = (...words: readonly string[]) =>
  run(['logging', 'export', file(), '--project=my-project', ...words]);

describe('logging export', () => {
  it('writes one entry to a line, for its owner alone', async () => {
    await create('one', 'two');
    const filtered = [`--log-filter=${CREATED}`];
    expect(await exported(...filtered)).toEqual({
      exit: 0,
      stdout: '',
      stderr: `Wrote 2 entries to ${file()}.\n`,
    });
    expect((await lines()).map((line) => JSON.parse(line).protoPayload.request.repositoryId)).toEqual([
      'one',
      'two',
    ]);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
  });

  it('leaves a file that is there alone', async () => {
    await writeFile(file(), 'mine');
    expect(await exported()).toMatchObject({ exit: 5, stderr: expect.stringContaining('give --resume') });
    for (const mine of ['mine', 'mine\n', '\n', '{"mine": 1}\n{"mo']) {
      await writeFile(file(), mine);
      expect(await exported('--resume')).toMatchObject({ exit: 5 });
      expect(await readFile(file(), 'utf8')).toBe(mine);
    }
  });

  it('goes on after the last whole line', async () => {
    await create('one');
    await exported('--resume', `--log-filter=${CREATED}`);
    const before = await lines();
    await create('two', 'three');
    await appendFile(file(), '{"broken');
    expect(await exported('--resume', `--log-filter=${CREATED}`)).toMatchObject({
      stderr: `Wrote 2 entries to ${file()}.\n`,
    });
    expect(await lines()).toHaveLength(3);
    expect((await lines())[0]).toBe(before[0] ?? '');
    expect(await exported('--resume', `--log-filter=${CREATED}`)).toMatchObject({
      stderr: `Wrote 0 entries to ${file()}.\n`,
    });
    await truncate(file(), 30);
    await exported('--resume', `--log-filter=${CREATED}`);
    expect(await lines()).toHaveLength(3);
  });

  it('writes to standard output, and counts on a terminal', async () => {
    await create('one');
    const words = ['logging', 'export', '-', '--project=my-project', `--log-filter=${CREATED}`];
    const { exit, stdout, stderr } = await run(words);
    expect({ exit, stderr, entries: stdout.trimEnd().split('\n').length }).toEqual({
      exit: 0,
      stderr: '',
      entries: 1,
    });
    expect((await run(words, true)).stderr).toContain('\r1 entries');
    expect(await run([...words, '--resume'])).toMatchObject({ exit: 2 });
  });
});

test.each([
  ['30s', 30_000],
  ['15m', 900_000],
  ['1d12h', 129_600_000],
  ['2w', 1_209_600_000],
])('%s is an age', (text, milliseconds) => {
  expect(parseAge(text)).toBe(milliseconds);
});

test('a filter keeps its meaning beside an age, and its own times', () => {
  const options = { freshness: '1d', order: 'desc', now: 86_400_000 } as const;
  const since = 'timestamp>="1970-01-01T00:00:00.000Z"';
  expect(fresh('', options)).toBe(since);
  expect(fresh('a OR b -- so', options)).toBe(`a OR b -- so\nAND ${since}`);
  expect(fresh('timestamp>"2020-01-01"', options)).toBe('timestamp>"2020-01-01"');
});
