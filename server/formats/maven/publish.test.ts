import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ApiCaller, LOCATION } from '../../testing/api.ts';
import { TestServer } from '../../testing/harness.ts';
import {
  type Artifact,
  descriptorOf,
  folder,
  hexOf,
  jarOf,
  MavenClient,
  pathOf,
  pomOf,
} from '../../testing/maven.ts';
import { Members } from '../../testing/members.ts';

let server: TestServer;
let members: Members;
let client: MavenClient;
beforeAll(async () => {
  server = await TestServer.start();
  members = new Members(server, 'MAVEN');
  client = new MavenClient(server, await members.standard('own'));
});
afterAll(() => server[Symbol.asyncDispose]());

const refused = async (answer: Response | Promise<Response>) => {
  const { status, headers } = await answer;
  const { detail, reason } = (await (await answer).json()) as Record<string, string>;
  return { status, type: headers.get('content-type'), reason, detail: detail ?? '' };
};

const damagedBuild = (day: number): Artifact => ({
  name: 'damaged',
  version: '2.0-SNAPSHOT',
  build: `2024010${day}.000000-${day}`,
});

describe('a release', () => {
  const artifact: Artifact = { name: 'served', pom: '<name>Served</name><packaging>jar</packaging>' };
  const jar = jarOf();
  beforeAll(() => client.publish(artifact, jar));

  test('is served as it came, with its checksums', async () => {
    const answer = await client.send('GET', pathOf(artifact));
    expect(await answer.bytes()).toEqual(jar);
    expect(answer.headers.get('content-type')).toBe('application/java-archive');
    for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
      expect(answer.headers.get(`x-checksum-${algorithm}`)).toBe(hexOf(jar, algorithm));
      expect(await client.text(`${pathOf(artifact)}.${algorithm}`)).toBe(hexOf(jar, algorithm));
    }
    expect(await client.text(pathOf(artifact, '.pom'))).toBe(pomOf(artifact));
    const head = await client.send('HEAD', `${pathOf(artifact)}.sha1`);
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '40']);
  });

  test('is in the metadata of its artifact, whose checksums are of just that', async () => {
    const path = `${folder(artifact)}/maven-metadata.xml`;
    const text = await client.text(path);
    const at = new Date(server.clock.now()).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
    expect(text).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<metadata>
  <groupId>com.acme</groupId>
  <artifactId>served</artifactId>
  <versioning>
    <latest>1.0</latest>
    <release>1.0</release>
    <versions>
      <version>1.0</version>
    </versions>
    <lastUpdated>${at}</lastUpdated>
  </versioning>
</metadata>
`);
    for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512'])
      expect(await client.text(`${path}.${algorithm}`)).toBe(hexOf(text, algorithm));
  });

  test('is not another the next time, and the same once more is no harm', async () => {
    await client.publish(artifact, jar);
    expect(
      await refused(client.put(pathOf(artifact), jarOf([{ name: 'other', content: '' }]))),
    ).toMatchObject({
      status: 409,
      type: 'application/problem+json',
      reason: 'FILE_EXISTS',
      detail: expect.stringContaining('1.0 is a release, which stays what it was: deploy another version'),
    });
    expect(await (await client.send('GET', pathOf(artifact))).bytes()).toEqual(jar);
  });

  test('gets files later: signatures, sources, Gradle’s metadata', async () => {
    const module = JSON.stringify({
      formatVersion: '1.1',
      component: { group: 'com.acme', module: 'served', version: '1.0' },
    });
    await client.take({
      [pathOf(artifact, '.jar.asc')]: 'signature',
      [pathOf(artifact, '-sources.jar')]: jarOf(),
      [pathOf(artifact, '-dist.tar.gz')]: 'packed',
      [pathOf(artifact, '.module')]: module,
    });
    expect(await client.text(`${pathOf(artifact, '.jar.asc')}.sha1`)).toBe(hexOf('signature', 'sha1'));
    expect(await client.text(pathOf(artifact, '.module'))).toBe(module);
  });

  test('is in no list before it has a POM', async () => {
    await client.take({ [pathOf({ name: 'half' })]: jar });
    expect((await client.send('GET', `${folder({ name: 'half' })}/maven-metadata.xml`)).status).toBe(404);
    expect((await client.send('GET', pathOf({ name: 'half' }))).status).toBe(200);
  });

  test('that many send at once is whole', async () => {
    const versions = Array.from({ length: 20 }, (_, at) => `1.${at}`);
    await Promise.all(
      versions.map(async (version) => {
        await client.publish({ name: 'many', version });
        await client.take({ [`${folder({ name: 'many' })}/maven-metadata.xml`]: '<metadata/>' });
      }),
    );
    expect(await client.versions({ name: 'many' })).toEqual(versions);
  });
});

describe('a checksum', () => {
  const artifact: Artifact = { name: 'checked' };
  beforeAll(() => client.publish(artifact));

  test.each(['md5', 'sha1', 'sha256', 'sha512'])('of %s is held to the file', async (algorithm) => {
    const hex = hexOf(jarOf(), algorithm);
    const path = `${pathOf(artifact)}.${algorithm}`;
    for (const text of [hex, `${hex}\n`, `${hex}  checked-1.0.jar`, hex.toUpperCase()])
      expect((await client.put(path, text)).status).toBe(201);
    expect(await refused(client.put(path, hexOf('other', algorithm)))).toMatchObject({
      status: 400,
      reason: 'DIGEST_INVALID',
      detail: expect.stringContaining(`hashes to ${hex}`),
    });
    expect(await refused(client.put(path, 'nonsense'))).toMatchObject({
      status: 400,
      reason: 'DIGEST_INVALID',
    });
    expect(await client.text(path)).toBe(hex);
  });

  test('before its file is refused', async () => {
    const path = `${pathOf({ name: 'early' })}.sha1`;
    expect(await refused(client.put(path, hexOf('', 'sha1')))).toMatchObject({
      status: 400,
      reason: 'FILE_UNKNOWN',
    });
  });

  test('that is not the file’s keeps its POM out, since clients go on until then', async () => {
    const damaged = { name: 'damaged' };
    await client.take({ [pathOf(damaged)]: jarOf() });
    expect((await client.put(`${pathOf(damaged)}.sha1`, hexOf('other', 'sha1'))).status).toBe(400);
    expect(await refused(client.put(pathOf(damaged, '.pom'), pomOf(damaged)))).toMatchObject({
      status: 400,
      reason: 'DIGEST_INVALID',
      detail: expect.stringContaining('damaged-1.0.jar did not arrive as its checksum says'),
    });
    expect((await client.send('GET', `${folder(damaged)}/maven-metadata.xml`)).status).toBe(404);
    await client.publish({ ...damaged, version: '1.1' });
    expect(await client.versions(damaged)).toEqual(['1.1']);
  });

  test('that is not the file’s keeps one build of a snapshot out, and no other', async () => {
    await client.publish(damagedBuild(1));
    await client.take({ [pathOf(damagedBuild(2))]: jarOf() });
    expect((await client.put(`${pathOf(damagedBuild(2))}.md5`, hexOf('other', 'md5'))).status).toBe(400);
    expect((await client.put(pathOf(damagedBuild(2), '.pom'), pomOf(damagedBuild(2)))).status).toBe(400);
    const path = `${folder(damagedBuild(2))}/2.0-SNAPSHOT/maven-metadata.xml`;
    expect(await client.text(path)).not.toContain('20240102');
    await client.publish(damagedBuild(3));
    expect(await client.text(path)).toContain('20240103.000000-3');
  });

  test('in a header is held to the file, too', async () => {
    const headers = { 'x-checksum-sha1': hexOf('other', 'sha1') };
    const answer = await refused(client.put(pathOf({ name: 'headed' }), jarOf(), { headers }));
    expect(answer).toMatchObject({ status: 400, reason: 'DIGEST_INVALID' });
    expect((await client.send('GET', pathOf({ name: 'headed' }))).status).toBe(404);
  });

  test('that clients send of metadata is taken, and not believed', async () => {
    const path = `${folder(artifact)}/maven-metadata.xml`;
    const forged = '<metadata><versioning><release>9.9</release></versioning></metadata>';
    await client.take({ [path]: forged, [`${path}.sha1`]: hexOf(forged, 'sha1') });
    expect(await client.versions(artifact)).toEqual(['1.0']);
    expect(await client.text(`${path}.sha1`)).toBe(hexOf(await client.text(path), 'sha1'));
  });
});

describe('a snapshot', () => {
  const version = '2.0-SNAPSHOT';
  const path = `${folder({ name: 'moving' })}/${version}/maven-metadata.xml`;
  const build = (timestamp: string, number: number): Artifact => ({
    name: 'moving',
    version,
    build: `${timestamp}-${number}`,
  });

  test('names the newest build of each of its files, whichever came last', async () => {
    await client.take({ [pathOf(build('20240102.000000', 2), '-sources.jar')]: jarOf() });
    await client.publish(build('20240103.000000', 3));
    await client.publish(build('20240101.000000', 1));
    const text = await client.text(path);
    expect(text).toContain('<metadata modelVersion="1.1.0">');
    expect(text).toContain('<timestamp>20240103.000000</timestamp>\n      <buildNumber>3</buildNumber>');
    expect([...text.matchAll(/<value>(.*)<\/value>/g)].map(([, value]) => value)).toEqual([
      '2.0-20240103.000000-3',
      '2.0-20240103.000000-3',
      '2.0-20240102.000000-2',
    ]);
    expect(await client.text(`${path}.sha512`)).toBe(hexOf(text, 'sha512'));
    expect(await client.versions({ name: 'moving' })).toEqual([version]);
    expect((await client.send('GET', pathOf(build('20240101.000000', 1)))).status).toBe(200);
  });

  test('of a build that is there stays what it was', async () => {
    const answer = client.put(pathOf(build('20240103.000000', 3)), jarOf([{ name: 'other', content: '' }]));
    expect(await refused(answer)).toMatchObject({
      status: 409,
      detail: expect.stringContaining('deploy another build'),
    });
  });

  test('that was deleted is deployed anew where it may be overwritten, and not where it may not', async () => {
    const plain: Artifact = { name: 'deleted', version: '1.0-SNAPSHOT' };
    const other = jarOf([{ name: 'other', content: 'y' }]);
    const open = await members.standard('renewed', {
      trashRetention: '86400s',
      mavenConfig: { allowSnapshotOverwrites: true },
    });
    const fixed = await members.standard('fixed', { trashRetention: '86400s' });
    const admin = new ApiCaller(server);
    for (const [id, status] of [
      [open, 201],
      [fixed, 409],
    ] as const) {
      const maven = new MavenClient(server, id);
      await maven.publish(plain);
      const name = `${LOCATION}/repositories/${id}/packages/${encodeURIComponent('com.acme:deleted')}/versions/1.0-SNAPSHOT`;
      await admin.ok('DELETE', name);
      expect((await maven.put(pathOf(plain), other)).status).toBe(status);
    }
    const answer = await new MavenClient(server, open).send('GET', pathOf(plain));
    expect(await answer.bytes()).toEqual(other);
  });

  test('is overwritten though there is room for one of both only', async () => {
    const maven = new MavenClient(
      server,
      await members.standard('tight', {
        quota: { maxBytes: '1000000' },
        mavenConfig: { allowSnapshotOverwrites: true },
      }),
    );
    const put = async (to: string, body: string): Promise<number> =>
      (await maven.put(to, body, { headers: { 'content-length': String(body.length) } })).status;
    const at = pathOf({ name: 'tight', version: '1.0-SNAPSHOT' }, '.bin');
    expect(await put(at, 'a'.repeat(600_000))).toBe(201);
    expect(await put(at, 'b'.repeat(700_000))).toBe(201);
    expect(await maven.text(at)).toBe('b'.repeat(700_000));
    expect(await put(at, 'c'.repeat(1_000_001))).toBe(403);
    const other = pathOf({ name: 'other', version: '1.0-SNAPSHOT' }, '.bin');
    expect(await put(other, 'd'.repeat(400_000))).toBe(403);
  });

  test('without builds is overwritten where that is allowed', async () => {
    const plain: Artifact = { name: 'plain', version: '1.0-SNAPSHOT' };
    const other = jarOf([{ name: 'other', content: 'x' }]);
    const open = new MavenClient(
      server,
      await members.standard('open', { mavenConfig: { allowSnapshotOverwrites: true } }),
    );
    for (const each of [client, open]) await each.publish(plain);
    expect(await refused(client.put(pathOf(plain), other))).toMatchObject({
      status: 409,
      detail: expect.stringContaining('--allow-snapshot-overwrites'),
    });
    await open.take({ [pathOf(plain)]: other });
    const answer = await open.send('GET', pathOf(plain));
    expect(await answer.bytes()).toEqual(other);
    expect(answer.headers.get('cache-control')).toBe('private, no-cache');
    expect(await open.text(`${pathOf(plain)}.sha1`)).toBe(hexOf(other, 'sha1'));
    const metadata = await open.text(`${folder(plain)}/1.0-SNAPSHOT/maven-metadata.xml`);
    expect(metadata).toContain('<value>1.0-SNAPSHOT</value>');
    expect(metadata).not.toContain('<timestamp>');
  });
});

describe('a repository', () => {
  test.each([
    ['RELEASE', '1.0', '1.0-SNAPSHOT', 'this repository takes releases only'],
    ['SNAPSHOT', '1.0-SNAPSHOT', '1.0', 'this repository takes snapshots only'],
  ])('of versionPolicy %s takes %s and not %s', async (versionPolicy, taken, not, why) => {
    const strict = new MavenClient(
      server,
      await members.standard('strict', { mavenConfig: { versionPolicy } }),
    );
    await strict.publish({ name: 'kind', version: taken });
    const answer = await refused(strict.put(pathOf({ name: 'kind', version: not }), jarOf()));
    expect(answer).toMatchObject({
      status: 400,
      reason: 'VERSION_POLICY',
      detail: expect.stringContaining(why),
    });
  });

  test('asks for credentials before it says that something is not there', async () => {
    for (const path of [
      'com/acme/nothing/maven-metadata.xml',
      pathOf({ name: 'nothing' }),
      `${pathOf({ name: 'nothing' })}.sha1`,
    ]) {
      const answer = await client.send('GET', path, { as: null });
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="maven"']);
    }
  });
});

test('a group knows its plugins by what their jars say', async () => {
  const plugin: Artifact = { group: 'com.acme.tools', name: 'acme-maven-plugin' };
  const other: Artifact = { group: 'com.acme.tools', name: 'other-maven-plugin' };
  const path = 'com/acme/tools/maven-metadata.xml';
  await client.publish(plugin, jarOf([descriptorOf(plugin, 'acme')]));
  await client.publish(other, jarOf([descriptorOf(plugin, 'stolen')]));
  await client.take({
    [path]: '<metadata><plugins><plugin><prefix>evil</prefix></plugin></plugins></metadata>',
  });
  const text = await client.text(path);
  expect(text).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<metadata>
  <plugins>
    <plugin>
      <name>The acme plugin</name>
      <prefix>acme</prefix>
      <artifactId>acme-maven-plugin</artifactId>
    </plugin>
  </plugins>
</metadata>
`);
  await client.publish({ group: 'com.acme', name: 'tools' });
  const both = await client.text(path);
  expect(both).toContain('<artifactId>tools</artifactId>');
  expect(both).toContain('<prefix>acme</prefix>');
  expect(await client.text(`${path}.md5`)).toBe(hexOf(both, 'md5'));
});
