import { beforeEach, describe, expect, test } from 'bun:test';
import { besideUpstream } from './testing/beside-upstream.ts';
import { type Artifact, folder, hexOf, jarOf, MavenClient, pathOf, pomOf } from './testing/maven.ts';
import { Members } from './testing/members.ts';
import { corrupt, loginPage, reset, status, truncated } from './testing/upstream-faults.ts';

const DAY = 24 * 3_600_000;
const JAR = jarOf([{ name: 'says.txt', content: 'from elsewhere' }]);

let client: MavenClient;
const { server, upstream } = await besideUpstream();
beforeEach(async () => {
  server.clock.advance(1_800_000);
  client = new MavenClient(server, await new Members(server, 'MAVEN').remote('remote', upstream.url));
});

const metadataOf = (artifact: Artifact): string => `${folder(artifact)}/maven-metadata.xml`;

/** What a repository has that somebody deployed to. */
function shelve(artifact: Artifact): void {
  const files: Record<string, string | typeof JAR> = {
    [pathOf(artifact)]: JAR,
    [pathOf(artifact, '.pom')]: pomOf(artifact),
    [metadataOf(artifact)]:
      '<metadata><versioning><versions><version>1.0</version></versions></versioning></metadata>',
  };
  for (const [path, body] of Object.entries(files)) {
    upstream.put(`/${path}`, { body });
    upstream.put(`/${path}.sha1`, { body: hexOf(body, 'sha1') });
  }
}

const FAULTS = [
  ['ends connections', reset],
  ['says 500', status(500)],
  ['says 503', status(503)],
  ['wants a log-in', status(401, { 'www-authenticate': 'Basic' })],
  ['refuses', status(403)],
  ['has enough', status(429, { 'retry-after': '30' })],
  ['breaks off', truncated(0.5)],
  ['shows a page', loginPage],
] as const;

describe.each(FAULTS)('an upstream that %s', (_, fault) => {
  test('is not noticed where there is a copy', async () => {
    const artifact = { name: 'copied' };
    shelve(artifact);
    const paths = [
      metadataOf(artifact),
      pathOf(artifact),
      pathOf(artifact, '.pom'),
      `${pathOf(artifact)}.sha1`,
    ];
    const before = await Promise.all(paths.map((path) => client.text(path)));
    upstream.misbehave(/./, fault);
    server.clock.advance(DAY);
    expect(await Promise.all(paths.map((path) => client.text(path)))).toEqual(before);
  });

  test('is not taken for one that has nothing, nor is what it sends kept', async () => {
    const artifact = { name: 'wanted' };
    shelve(artifact);
    upstream.misbehave(/./, fault);
    for (const path of [metadataOf(artifact), pathOf(artifact), pathOf(artifact, '.pom')])
      expect(await outcome(path)).not.toBe(404);
    upstream.behave();
    server.clock.advance(DAY);
    expect(await client.versions(artifact)).toEqual(['1.0']);
    expect(await (await client.send('GET', pathOf(artifact))).bytes()).toEqual(JAR);
    expect(await client.text(pathOf(artifact, '.pom'))).toBe(pomOf(artifact));
  });
});

/** A status that is not good, or that the answer breaks off. */
async function outcome(path: string): Promise<number | 'cut'> {
  const answer = await client.send('GET', path);
  const whole = await answer.bytes().catch(() => 'cut' as const);
  expect(answer.ok && whole !== 'cut').toBe(false);
  return whole === 'cut' ? whole : answer.status;
}

test('what the upstream does not have is remembered for a while', async () => {
  const artifact = { name: 'later' };
  const paths = [metadataOf(artifact), pathOf(artifact)];
  for (const path of [...paths, ...paths]) expect((await client.send('GET', path)).status).toBe(404);
  expect(paths.map((path) => upstream.asked(`/${path}`).length)).toEqual([1, 1]);
  shelve(artifact);
  server.clock.advance(61_000);
  expect(await client.versions(artifact)).toEqual(['1.0']);
  expect(await (await client.send('GET', pathOf(artifact))).bytes()).toEqual(JAR);
});

test('a file that is not what the checksum beside it says is not kept', async () => {
  const artifact = { name: 'changed' };
  shelve(artifact);
  upstream.misbehave(`/${pathOf(artifact)}`, corrupt());
  expect(await outcome(pathOf(artifact))).not.toBe(404);
  upstream.behave();
  expect(await (await client.send('GET', pathOf(artifact))).bytes()).toEqual(JAR);
});

test('metadata that is none is not served instead of a copy', async () => {
  const artifact = { name: 'garbled' };
  shelve(artifact);
  expect(await client.versions(artifact)).toEqual(['1.0']);
  for (const body of ['', '<metadata', '{}', '<!DOCTYPE a [<!ENTITY b "c">]><metadata/>', '<project/>']) {
    upstream.put(`/${metadataOf(artifact)}`, { body });
    server.clock.advance(DAY);
    expect(await client.versions(artifact)).toEqual(['1.0']);
  }
});
