import { afterAll, beforeAll, expect, test } from 'bun:test';
import { ApiCaller, type Json, LOCATION } from '../testing/api.ts';
import { FakeUpstream } from '../testing/fake-upstream.ts';
import { TestServer } from '../testing/harness.ts';
import { jarOf, MavenClient, pathOf, pomOf } from '../testing/maven.ts';
import { Members } from '../testing/members.ts';

let server: TestServer;
let api: ApiCaller;
let members: Members;
let repository: string;
let client: MavenClient;
const artifacts = (of: string): string => `${LOCATION}/repositories/${of}/mavenArtifacts`;

beforeAll(async () => {
  server = await TestServer.start(['--allow-upstream-hosts', '127.0.0.1']);
  api = new ApiCaller(server);
  members = new Members(server, 'MAVEN');
  repository = await members.standard('viewed');
  client = new MavenClient(server, repository);
  await client.publish({ name: 'app', version: '1.0' });
  server.clock.advance(1_000);
  await client.publish({ name: 'app', version: '1.10' });
  await client.publish({ name: 'lib', version: '2.0-SNAPSHOT', build: '20240102.030405-6' });
  await client.take({ [pathOf({ name: 'half' })]: jarOf() });
});
afterAll(() => server[Symbol.asyncDispose]());

/** All pages of a list. */
async function listed(of: string, query = ''): Promise<readonly Json[]> {
  const found: Json[] = [];
  for (let token = ''; ;) {
    const page = await api.ok(
      'GET',
      `${artifacts(of)}?pageSize=2&pageToken=${encodeURIComponent(token)}${query}`,
    );
    expect(page.mavenArtifacts?.length ?? 0).toBeLessThanOrEqual(2);
    found.push(...(page.mavenArtifacts ?? []));
    token = page.nextPageToken ?? '';
    if (token === '') return found;
  }
}

const idsOf = (found: readonly Json[]): readonly string[] =>
  found.map(({ name }) => name.slice(name.lastIndexOf('/') + 1));

test('an artifact is shown as Google shows it', async () => {
  const artifact = await api.ok('GET', `${artifacts(repository)}/com.acme:app:1.0`);

  expect(artifact).toEqual({
    name: `${artifacts(repository)}/com.acme:app:1.0`,
    pomUri: expect.stringMatching(
      /\/us-central1-maven\/my-project\/viewed-[^/]+\/com\/acme\/app\/1\.0\/app-1\.0\.pom$/,
    ),
    groupId: 'com.acme',
    artifactId: 'app',
    version: '1.0',
    createTime: expect.stringMatching(/Z$/),
    updateTime: expect.stringMatching(/Z$/),
  });
  const address = artifact.pomUri.slice(artifact.pomUri.indexOf('com/acme'));
  expect(await client.text(address)).toBe(pomOf({ name: 'app' }));
});

test('all versions of all artifacts are listed, a page at a time', async () => {
  expect(idsOf(await listed(repository))).toEqual([
    'com.acme:app:1.0',
    'com.acme:app:1.10',
    'com.acme:half:1.0',
    'com.acme:lib:2.0-SNAPSHOT',
  ]);
});

test('a snapshot has the POM of its newest build, and what has none says none', async () => {
  const [, , half, snapshot] = await listed(repository);

  expect(snapshot).toMatchObject({
    version: '2.0-SNAPSHOT',
    pomUri: expect.stringContaining('/lib-2.0-20240102.030405-6.pom'),
  });
  expect(half).not.toHaveProperty('pomUri');
});

test.each(['com.acme:app', 'com.acme:app:9', 'com.other:app:1.0', 'a:b:c:d', 'app', ':app:1.0'])(
  'there is no artifact %s',
  async (id) => {
    expect((await api.send('GET', `${artifacts(repository)}/${encodeURIComponent(id)}`)).status).toBe(404);
  },
);

test('a copy has what was fetched, and a deleted version is not there', async () => {
  await using upstream = await FakeUpstream.start();
  const artifact = { name: 'far', version: '3.0' };
  upstream.put(`/${pathOf(artifact, '.pom')}`, { body: pomOf(artifact) });
  const copy = await members.remote('copied', upstream.url);
  expect(idsOf(await listed(copy))).toEqual([]);
  await new MavenClient(server, copy).text(pathOf(artifact, '.pom'));
  expect(await listed(copy)).toMatchObject([
    { artifactId: 'far', version: '3.0', pomUri: expect.any(String) },
  ]);

  await client.publish({ name: 'gone' });
  expect(idsOf(await listed(repository))).toContain('com.acme:gone:1.0');
  const name = `${LOCATION}/repositories/${repository}/packages/${encodeURIComponent('com.acme:gone')}/versions/1.0`;
  expect((await api.send('DELETE', name)).status).toBe(200);
  expect(idsOf(await listed(repository))).not.toContain('com.acme:gone:1.0');
});
