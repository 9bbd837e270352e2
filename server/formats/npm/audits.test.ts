import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { gunzipSync } from 'node:zlib';
import { ApiCaller, type Json } from '../../testing/api.ts';
import { FakeUpstream } from '../../testing/fake-upstream.ts';
import { TestServer } from '../../testing/harness.ts';
import { Members } from '../../testing/members.ts';
import { NpmClient } from '../../testing/npm.ts';
import { status } from '../../testing/upstream-faults.ts';

const BULK = '/-/npm/v1/security/advisories/bulk';
const QUICK = '/-/npm/v1/security/audits/quick';
const ADVISORY = { id: 7, title: 'Runs what it is given', severity: 'high', vulnerable_versions: '<2.0.0' };

let upstream: FakeUpstream;
let other: FakeUpstream;
let server: TestServer;
let members: Members;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  other = await FakeUpstream.start();
  server = await TestServer.start(['--allow-upstream-hosts', '127.0.0.1']);
  members = new Members(server, 'NPM');
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});
beforeEach(() => {
  for (const each of [upstream, other]) {
    each.behave();
    each.forget();
    each.put(BULK, { body: '{}' });
  }
  server.clock.advance(3_600_000);
});

/** A remote repository whose upstream is asked, unless it is said otherwise. */
async function remote(more: Json = { forwardAudits: true }, uri = upstream.url): Promise<string> {
  const id = await members.remote('remote', uri);
  const updateMask = Object.keys(more).map((field) => `remoteRepositoryConfig.${field}`);
  await new ApiCaller(server).ok('PATCH', `${Members.named(id)}?updateMask=${updateMask.join(',')}`, {
    remoteRepositoryConfig: more,
  });
  return id;
}

interface Audited {
  readonly report: Json;
  readonly notice: string | null;
}

async function audited(repository: string, question: Json, path = BULK): Promise<Audited> {
  const answer = await new NpmClient(server, repository).send('POST', path.slice(1), {
    headers: { 'content-encoding': 'gzip', 'npm-command': 'audit' },
    body: Bun.gzipSync(JSON.stringify(question)),
  });
  expect(answer.status).toBe(200);
  return { report: await answer.json(), notice: answer.headers.get('npm-notice') };
}

/** What was asked, path and body, in the order in which it came. */
const heard = (by: FakeUpstream, path = BULK): readonly Json[] =>
  by.asked(path).map(({ body }) => JSON.parse(gunzipSync(body).toString()));

describe('a question about vulnerabilities', () => {
  test('is passed on by a remote repository that is told to, and not kept', async () => {
    upstream.put(BULK, { body: JSON.stringify({ left: [ADVISORY] }) });
    const at = await remote();
    for (const _ of ['asked', 'asked again'])
      expect(await audited(at, { left: ['1.0.0'] })).toEqual({ report: { left: [ADVISORY] }, notice: null });
    expect(heard(upstream)).toEqual([{ left: ['1.0.0'] }, { left: ['1.0.0'] }]);
  });

  test('stays here where nobody said that it may go', async () => {
    for (const config of [{}, { forwardAudits: false }]) {
      const { report, notice } = await audited(await remote(config), { left: ['1.0.0'] });
      expect([report, notice]).toEqual([{}, expect.stringContaining('does not know of vulnerabilities')]);
    }
    expect(upstream.asked()).toEqual([]);
  });

  test.each([
    ['refuses', status(401)],
    ['is out of order', status(500)],
    ['does not know such questions', status(404)],
    ['answers what is no report', undefined],
  ])('is answered, and says that not all is known, where the upstream %s', async (_, fault) => {
    upstream.put(BULK, { body: '<html>' });
    if (fault) upstream.misbehave(BULK, fault);
    const { report, notice } = await audited(await remote(), { left: ['1.0.0'] });
    expect([report, notice]).toEqual([{}, expect.stringContaining('Not every registry')]);
  });

  test('tells nothing of what the rules keep out', async () => {
    const at = await remote({ forwardAudits: true, safetyRules: { deny: ['@acme/*'] } });
    await audited(at, { '@acme/secret': ['1.0.0'], left: ['1.0.0'] });
    await audited(at, { '@acme/secret': ['1.0.0'] });
    expect(heard(upstream)).toEqual([{ left: ['1.0.0'] }]);
  });

  test.each([
    ['no JSON', '{', {}],
    ['no object', '[]', {}],
    ['not what it says', '{}', { 'content-encoding': 'gzip' }],
  ])('is refused that is %s', async (_, body, headers) => {
    const at = new NpmClient(server, await remote());
    expect((await at.send('POST', BULK.slice(1), { headers, body })).status).toBe(400);
    expect(upstream.asked()).toEqual([]);
  });
});

describe('a virtual repository', () => {
  test('asks all members, tells them nothing of names of its own, and answers what all of them know', async () => {
    const more = { ...ADVISORY, id: 8 };
    upstream.put(BULK, { body: JSON.stringify({ left: [ADVISORY] }) });
    other.put(BULK, { body: JSON.stringify({ left: [more, { ...ADVISORY, title: 'the same' }] }) });
    const own = await members.standard('own');
    await new NpmClient(server, own).publish({ name: '@acme/own' });
    // Whoever comes first is not told either.
    const at = await members.virtual('all', [
      await remote(),
      own,
      await remote({ forwardAudits: true }, other.url),
    ]);
    const question = { '@acme/own': ['1.0.0'], left: ['1.0.0'] };
    expect(await audited(at, question)).toEqual({ report: { left: [ADVISORY, more] }, notice: null });
    expect([...heard(upstream), ...heard(other)]).toEqual([{ left: ['1.0.0'] }, { left: ['1.0.0'] }]);
  });

  test('answers what some members know, and says that others failed', async () => {
    upstream.put(BULK, { body: JSON.stringify({ left: [ADVISORY] }) });
    other.misbehave(BULK, status(500));
    const [first, second] = [await remote({ forwardAudits: true }, other.url), await remote()];
    const { report, notice } = await audited(await members.virtual('all', [first, second]), { left: ['1'] });
    expect([report, notice]).toEqual([{ left: [ADVISORY] }, expect.stringContaining('Not every registry')]);
  });

  test('asks no member that the caller may not read', async () => {
    const hidden = await remote();
    const at = await members.virtual('all', [hidden]);
    await server.grant(Members.named(at), 'roles/artifactregistry.reader', 'user:outsider');
    const answer = await new NpmClient(server, at).send('POST', BULK.slice(1), {
      body: '{"left":["1.0.0"]}',
      as: await server.account('outsider'),
    });
    expect([answer.status, await answer.json()]).toEqual([200, {}]);
    expect(upstream.asked()).toEqual([]);
  });
});

const finding = (...paths: readonly string[]) => [{ version: '1.0.0', paths }];

const report = (id: number, ...paths: readonly string[]) => ({
  actions: [{ action: 'update', module: 'left', resolves: [{ id }] }],
  advisories: { [id]: { id, severity: 'high', findings: finding(...paths) } },
  muted: [],
  metadata: { vulnerabilities: { high: paths.length }, dependencies: 3, totalDependencies: 3 },
});

describe('a tree of what is installed', () => {
  const tree = {
    name: 'our-secret-application',
    version: '1.0.0',
    requires: { left: '^1.0.0', '@acme/own': '1.0.0' },
    dependencies: {
      left: { version: '1.0.0', resolved: 'https://inside.example/left.tgz', requires: { right: '1' } },
      '@acme/own': { version: '1.0.0', dependencies: { right: { version: '1.0.0' } } },
    },
  };

  test('is cut to what may be told', async () => {
    const own = await members.standard('own');
    await new NpmClient(server, own).publish({ name: '@acme/own' });
    upstream.put(QUICK, { body: '{"advisories":{},"actions":[],"metadata":{}}' });
    await audited(await members.virtual('all', [own, await remote()]), tree, QUICK);
    expect(heard(upstream, QUICK)).toEqual([
      {
        version: '1.0.0',
        requires: { left: '^1.0.0' },
        dependencies: { left: { version: '1.0.0', requires: { right: '1' } } },
        install: [],
        remove: [],
        metadata: {},
      },
    ]);
  });

  test('is answered with all that several registries know of it', async () => {
    upstream.put(QUICK, { body: JSON.stringify(report(7, 'left', 'right>left')) });
    other.put(QUICK, { body: JSON.stringify(report(8, 'left')) });
    const at = await members.virtual('all', [
      await remote(),
      await remote({ forwardAudits: true }, other.url),
    ]);
    expect(await audited(at, tree, QUICK)).toEqual({
      report: {
        actions: [...report(7).actions, ...report(8).actions],
        advisories: { ...report(7, 'left', 'right>left').advisories, ...report(8, 'left').advisories },
        muted: [],
        metadata: {
          vulnerabilities: { info: 0, low: 0, moderate: 0, high: 3, critical: 0 },
          dependencies: 3,
          devDependencies: 0,
          optionalDependencies: 0,
          totalDependencies: 3,
        },
      },
      notice: null,
    });
  });

  test('is refused that is deeper than any', async () => {
    let deep: Json = {};
    for (let depth = 0; depth < 300; depth += 1) deep = { dependencies: { left: deep } };
    const body = JSON.stringify(deep);
    const answer = await new NpmClient(server, await remote()).send('POST', QUICK.slice(1), { body });
    expect(answer.status).toBe(400);
  });
});
