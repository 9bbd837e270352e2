import { afterAll, beforeAll, expect, test } from 'bun:test';
import { TestServer } from '../../testing/harness.ts';
import { MavenClient, pathOf, pomOf } from '../../testing/maven.ts';
import { Members } from '../../testing/members.ts';
import { readPath } from './layout.ts';

let server: TestServer;
let client: MavenClient;
beforeAll(async () => {
  server = await TestServer.start();
  client = new MavenClient(server, await new Members(server, 'MAVEN').standard('own'));
});
afterAll(() => server[Symbol.asyncDispose]());

test.each([
  ['lib-1.0.jar', '', 'jar', undefined],
  ['lib-1.0-sources.jar', 'sources', 'jar', undefined],
  ['lib-1.0-jdk1.5.jar.asc', 'jdk1.5', 'jar.asc', undefined],
  ['lib-1.0.tar.gz', '', 'tar.gz', undefined],
  ['lib-1.0-dist.tar.bz2', 'dist', 'tar.bz2', undefined],
  ['lib-1.0.pom.sigstore.json', '', 'pom.sigstore.json', undefined],
])('%s has the classifier "%s" and the extension %s', (filename, classifier, extension) => {
  expect(readPath(`com/acme/lib/1.0/${filename}`)).toMatchObject({
    groupId: 'com.acme',
    artifactId: 'lib',
    version: '1.0',
    classifier,
    extension,
  });
});

test.each([
  ['lib-1.0-20240102.030405-6.jar', '20240102.030405', 6],
  ['lib-1.0-20240102.030405-6-sources.jar', '20240102.030405', 6],
])('%s of a snapshot is of build %s-%i', (filename, timestamp, number) => {
  const build = { timestamp, number };
  expect(readPath(`com/acme/lib/1.0-SNAPSHOT/${filename}`)).toMatchObject({ version: '1.0-SNAPSHOT', build });
});

test('a snapshot’s file may be of no build', () => {
  expect(readPath('com/acme/lib/1.0-SNAPSHOT/lib-1.0-SNAPSHOT.jar')).not.toHaveProperty('build');
});

const NAMES: readonly (readonly [path: string, words: string])[] = [
  ['lib-1.0.jar', 'a file is at GROUP/ARTIFACT/VERSION'],
  ['lib/1.0/lib-1.0.jar', 'a file is at GROUP/ARTIFACT/VERSION'],
  ['com.acme/lib/1.0/lib-1.0.jar', 'a file is at GROUP/ARTIFACT/VERSION'],
  ['com/acme/lib/1.0/other-1.0.jar', 'is not a file of lib 1.0'],
  ['com/acme/lib/1.0/lib-1.1.jar', 'is not a file of lib 1.0'],
  ['com/acme/lib/1.0/lib-1.0', 'is not a file of lib 1.0'],
  ['com/acme/lib/1.0/lib-1.0x.jar', 'is not a file of lib 1.0'],
  ['com/acme/lib/1.0-SNAPSHOT/lib-1.0-2024.03-1.jar', 'is not a file of lib 1.0-SNAPSHOT'],
  ['com/acme/lib/1%3A0/lib-1%3A0.jar', 'is not a version'],
  ['com/acme/lib/%5B1,2%5D/lib-%5B1,2%5D.jar', 'is not a version'],
  ['com/acme/l%20ib/1.0/l%20ib-1.0.jar', 'is not an artifact id'],
  ['com/ac%C3%A9/lib/1.0/lib-1.0.jar', 'a file is at GROUP/ARTIFACT/VERSION'],
  ['archetype-catalog.xml', 'a file is at GROUP/ARTIFACT/VERSION'],
];
test.each(NAMES)('a file is not taken at %s', async (path, words) => {
  const answer = await client.put(path, 'x');
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    reason: 'NAME_INVALID',
    detail: expect.stringContaining(words),
  });
});

test.each([
  ['com/acme/lib/../1.0/lib-1.0.jar'],
  ['com/acme/lib/1.0/%2e%2e/lib-1.0.jar'],
  ['com/acme/lib/1.0/lib-1.0%00.jar'],
  ['com/acme/lib/1.0/lib-1.0%5c.jar'],
])('%s leads nowhere', async (path) => {
  expect((await client.put(path, 'x')).status).toBeGreaterThanOrEqual(400);
  expect((await client.send('GET', path)).status).toBeGreaterThanOrEqual(400);
});

const bomb = `<!DOCTYPE p [<!ENTITY a "${'a'.repeat(1000)}">]><project>&a;</project>`;
const POMS: readonly (readonly [what: string, pom: string, words: string])[] = [
  ['nothing', '', 'is not a POM'],
  ['a page', '<html></html>', 'its element is "html", not project'],
  ['entities', bomb, 'is not a POM: it has a document type'],
  ['elements too deep', `<project>${'<a>'.repeat(5000)}${'</a>'.repeat(5000)}</project>`, 'nested more than'],
  [
    'another group',
    pomOf({ group: 'com.other', name: 'lib' }),
    'its groupId is com.other, and its path com.acme',
  ],
  ['another version', pomOf({ name: 'lib', version: '9' }), 'its version is 9, and its path 1.0'],
  [
    'no version',
    '<project><groupId>com.acme</groupId><artifactId>lib</artifactId></project>',
    'says no version',
  ],
];
test.each(POMS)('a POM is not taken that is %s', async (_, pom, words) => {
  const answer = await client.put(pathOf({ name: 'lib' }, '.pom'), pom);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    reason: 'METADATA_INVALID',
    detail: expect.stringContaining(words),
  });
});

test.each([
  ['{', 'is not Gradle module metadata'],
  ['{}', 'it has no formatVersion'],
  ['{"formatVersion":"1.1","component":{"group":"x","module":"lib","version":"1.0"}}', 'it is of x:lib:1.0'],
])('Gradle’s metadata is not taken that is %s', async (module, words) => {
  const answer = await client.put(pathOf({ name: 'lib' }, '.module'), module);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    reason: 'METADATA_INVALID',
    detail: expect.stringContaining(words),
  });
});

test('a POM of a parent, in an older encoding and with entities of HTML is taken', async () => {
  const pom =
    '<?xml version="1.0" encoding="ISO-8859-1"?><project><parent><groupId>com.acme</groupId><version>1.0</version></parent>' +
    '<artifactId>old</artifactId><name>Ren&eacute;</name></project>';
  await client.take({ [pathOf({ name: 'old' }, '.pom')]: pom });
  expect(await client.versions({ name: 'old' })).toEqual(['1.0']);
});
