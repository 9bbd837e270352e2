import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { fileOf, GoClient, type GoVersion, moduleFiles, moduleZip } from '../../testing/go.ts';
import { TestServer } from '../../testing/harness.ts';
import { Members } from '../../testing/members.ts';
import { type ZipFile, zipped } from '../../testing/zip.ts';

const named = (...names: readonly string[]) =>
  zipped(names.map((name): ZipFile => ({ name, content: 'package lib\n' })));

let server: TestServer;
let repository: string;
let client: GoClient;
beforeAll(async () => {
  server = await TestServer.start();
  repository = await new Members(server, 'GO').standard('own');
  client = new GoClient(server, repository);
});
afterAll(() => server[Symbol.asyncDispose]());

const sent = async (body: Uint8Array<ArrayBuffer>, path = 'upload') => {
  const answer = await client.send('PUT', path, { body });
  return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') };
};

describe('an upload', () => {
  test('is served as it came, with what is made of it', async () => {
    const version: GoVersion = { module: 'example.com/Acme/lib', version: 'v1.0.0' };
    const zip = moduleZip(version);
    expect(await sent(zip)).toEqual({
      status: 201,
      text: 'example.com/Acme/lib@v1.0.0\n',
      type: 'text/plain; charset=utf-8',
    });

    const served = await client.send('GET', fileOf(version, 'zip'));

    expect(served.headers.get('content-type')).toBe('application/zip');
    expect(served.headers.get('cache-control')).toContain('immutable');
    expect(await served.bytes()).toEqual(zip);
    expect(await client.text(fileOf(version, 'mod'))).toBe('module example.com/Acme/lib\n\ngo 1.21\n');
    const time = new Date(server.clock.now()).toISOString();
    expect(await client.json(fileOf(version, 'info'))).toEqual({ Version: 'v1.0.0', Time: time });
    expect(await client.list('example.com/Acme/lib')).toEqual(['v1.0.0']);
    expect(await client.json('example.com/%21acme/lib/@latest')).toEqual({ Version: 'v1.0.0', Time: time });
  });

  test('may go to the address that it will be at, where it must be what it says', async () => {
    const version = { module: 'example.com/addressed', version: 'v1.0.0' };
    expect(await sent(moduleZip(version), fileOf(version, 'zip'))).toMatchObject({ status: 201 });
    const other = { module: 'example.com/addressed', version: 'v1.1.0' };
    expect(await sent(moduleZip(version), fileOf(other, 'zip'))).toMatchObject({
      status: 400,
      text: 'the zip is example.com/addressed@v1.0.0, as its entries say, and not example.com/addressed@v1.1.0\n',
    });
  });

  test('without a go.mod is served with one', async () => {
    const version = { module: 'example.com/plain', version: 'v1.0.0', files: { 'go.mod': '' } };
    await client.publish(version);
    expect(await client.text(fileOf(version, 'mod'))).toBe('module example.com/plain\n');
  });

  test('of the same bytes changes nothing, and of others is refused', async () => {
    const version = { module: 'example.com/again', version: 'v1.0.0' };
    const zip = await client.publish(version);
    expect((await sent(zip)).status).toBe(200);
    expect(await sent(moduleZip({ ...version, files: { 'more.go': 'package again\n' } }))).toEqual({
      status: 409,
      text:
        'example.com/again@v1.0.0 already exists with other content. What is in go.sum files stays what it was: ' +
        'publish another version\n',
      type: 'text/plain; charset=utf-8',
    });
    expect(await (await client.send('GET', fileOf(version, 'zip'))).bytes()).toEqual(zip);
  });

  test('of a version that was deleted is refused for good', async () => {
    const version = { module: 'example.com/burnt', version: 'v1.0.0' };
    const zip = await client.publish(version);
    const at = `/v1/${Members.named(repository)}/packages/example.com%2Fburnt/versions/v1.0.0`;
    expect((await server.send('DELETE', at)).status).toBe(200);

    const refused = await sent(zip);

    expect(refused).toMatchObject({
      status: 409,
      text: expect.stringContaining('it was published here and deleted'),
    });
    expect((await client.send('GET', 'example.com/burnt/@v/list')).status).toBe(404);
    expect((await client.send('GET', fileOf(version, 'zip'))).status).toBe(404);
  });

  test('of one version twenty times at once is one version', async () => {
    const zip = moduleZip({ module: 'example.com/racing', version: 'v1.0.0' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.upload(zip)));
    expect(answers.map(({ status }) => status).filter((status) => status !== 200)).toEqual([201]);
    expect(await client.list('example.com/racing')).toEqual(['v1.0.0']);
  });

  test('of many versions at once is all of them, in order', async () => {
    const versions = Array.from({ length: 12 }, (_, at) => `v1.${at}.0`);
    await Promise.all(versions.map((version) => client.publish({ module: 'example.com/parallel', version })));
    expect(await client.list('example.com/parallel')).toEqual(versions);
  });

  test('of another major version is of another module', async () => {
    await client.publish({ module: 'example.com/major', version: 'v1.0.0' });
    await client.publish({ module: 'example.com/major/v2', version: 'v2.0.0' });
    await client.publish({
      module: 'example.com/major',
      version: 'v3.0.0+incompatible',
      files: { 'go.mod': '' },
    });
    await client.publish({ module: 'gopkg.in/yaml.v3', version: 'v3.0.1' });
    expect(await client.list('example.com/major')).toEqual(['v1.0.0', 'v3.0.0+incompatible']);
    expect(await client.list('example.com/major/v2')).toEqual(['v2.0.0']);
    expect(await client.list('gopkg.in/yaml.v3')).toEqual(['v3.0.1']);
  });
});

describe('refused is', () => {
  const LIB: GoVersion = { module: 'example.com/lib', version: 'v1.0.0' };
  const of = (more: Partial<GoVersion>) => moduleZip({ ...LIB, ...more });
  const withFile = (name: string, content = 'package lib\n') =>
    zipped([...moduleFiles(LIB), { name: `example.com/lib@v1.0.0/${name}`, content }]);
  test.each<[what: string, zip: Uint8Array<ArrayBuffer>, says: string]>([
    ['what is no zip', new Uint8Array(Buffer.from('not a zip')), 'it is no zip archive'],
    ['nothing', new Uint8Array(), 'it is no zip archive'],
    ['an empty zip', zipped([]), 'the module zip is empty'],
    ['entries outside of any version', named('lib.go'), 'are called MODULE@VERSION/PATH'],
    ['a version with a slash', named('example.com/lib@v1/0/lib.go'), 'it is not canonical'],
    [
      'a second version',
      named('example.com/lib@v1.0.0/a.go', 'example.com/lib@v1.0.1/b.go'),
      'path does not have prefix',
    ],
    [
      'a second module',
      named('example.com/lib@v1.0.0/a.go', 'example.com/other@v1.0.0/b.go'),
      'path does not have prefix',
    ],
    ['an entry that leads elsewhere', withFile('../lib.go'), 'is not a path below it'],
    ['an absolute entry', named('/etc/passwd'), 'is not a path below it'],
    ['a name twice', withFile('lib.go'), 'is in it twice'],
    ['names that differ in case', withFile('LIB.go'), 'case-insensitive file name collision'],
    [
      'folders that differ in case',
      zipped([
        ...moduleFiles(LIB),
        { name: 'example.com/lib@v1.0.0/a/x.go', content: '' },
        { name: 'example.com/lib@v1.0.0/A/y.go', content: '' },
      ]),
      'case-insensitive file name collision',
    ],
    ['a file that is a folder, too', withFile('lib.go/more.go'), 'it is both a file and a directory'],
    ['a go.mod below the root', withFile('sub/go.mod'), 'go.mod file not in module root directory'],
    [
      'a GO.MOD',
      zipped([
        ...moduleFiles({ ...LIB, files: { 'go.mod': '' } }),
        { name: 'example.com/lib@v1.0.0/GO.MOD', content: '' },
      ]),
      'go.mod files must have lowercase names',
    ],
    ['a name of Windows', withFile('aux.go'), 'disallowed as path element component on Windows'],
    ['a colon in a name', withFile('a:b.go'), 'invalid character'],
    ['a name that ends in a dot', withFile('a./b.go'), 'trailing dot in path element'],
    [
      'a go.mod of another module',
      of({ files: { 'go.mod': 'module example.com/other\n' } }),
      'go.mod says that the module is "example.com/other"',
    ],
    ['a go.mod that says nothing', of({ files: { 'go.mod': 'go 1.21\n' } }), 'go.mod has no module line'],
    ['+incompatible with a go.mod', of({ version: 'v2.0.0+incompatible' }), 'is not +incompatible'],
    [
      '+incompatible of v1',
      of({ version: 'v1.0.0+incompatible', files: { 'go.mod': '' } }),
      '+incompatible is for v2 and up',
    ],
    ['a major version that the path does not end in', of({ version: 'v2.0.0' }), 'the path must end in /v2'],
    [
      'another major version than the path ends in',
      of({ module: 'example.com/lib/v3', version: 'v2.0.0' }),
      'it should be v3',
    ],
    ['a version that is not canonical', of({ version: 'v1.0' }), 'it is not canonical'],
    ['a version with build metadata', of({ version: 'v1.0.0+build' }), 'it is not canonical'],
    ['a version without a v', of({ version: '1.0.0' }), 'it is not canonical'],
    ['a branch', of({ version: 'main' }), 'it is not canonical'],
    [
      'a pseudo-version',
      of({ version: 'v0.0.0-20240102030405-abcdefabcdef' }),
      'a pseudo-version stands for a commit',
    ],
    ['a module without a dot', of({ module: 'lib/pkg' }), 'missing dot in first path element'],
    [
      'a module whose domain is in capitals',
      of({ module: 'Example.com/lib' }),
      'invalid character in first path element',
    ],
    ['a module of v1', of({ module: 'example.com/lib/v1' }), 'invalid version'],
    ['a module with odd characters', of({ module: 'example.com/l!b' }), 'invalid character'],
    [
      'a module with a short name of Windows',
      of({ module: 'example.com/lib~1' }),
      'trailing tilde and digits',
    ],
    ['a module that begins with a dash', of({ module: '-example.com/lib' }), 'leading dash'],
    ['a hidden element', of({ module: 'example.com/.lib' }), 'leading dot in path element'],
    ['too large a LICENSE', withFile('LICENSE', 'x'.repeat(16 * 1024 * 1024 + 1)), 'LICENSE file too large'],
    [
      'an archive with something behind it',
      zipped(moduleFiles(LIB), { behind: 'more' }),
      'something is behind its end',
    ],
    [
      'an entry that is not what its list says',
      zipped([{ name: 'example.com/lib@v1.0.0/a.go', content: 'x', method: 9 }]),
      'compressed in another way',
    ],
  ])('%s', async (_, zip, says) => {
    const refused = await sent(zip);
    expect(refused).toEqual({
      status: 400,
      text: expect.stringContaining(says),
      type: 'text/plain; charset=utf-8',
    });
  });

  test('an entry whose content is not what its checksum says', async () => {
    const zip = zipped(moduleFiles(LIB), { stored: true });
    const at = Buffer.from(zip).indexOf('const Version');
    zip[at] = 'k'.charCodeAt(0);
    expect(await sent(zip)).toMatchObject({
      status: 400,
      text: expect.stringContaining('is not what its list says'),
    });
  });

  test('whatever is left of a refused version', async () => {
    expect((await client.send('GET', 'example.com/lib/@v/list')).status).toBe(404);
  });
});
