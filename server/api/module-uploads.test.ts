import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { AuditReader } from '../testing/audit.ts';
import { ApiCaller, LOCATION } from '../testing/api.ts';
import { GoClient, moduleZip } from '../testing/go.ts';
import { TestServer } from '../testing/harness.ts';
import { Members } from '../testing/members.ts';

let server: TestServer;
let repository: string;
let virtual: string;
beforeAll(async () => {
  server = await TestServer.start();
  const members = new Members(server, 'GO');
  repository = await members.standard('own');
  virtual = await members.virtual('front', [repository], { writeRepository: Members.named(repository) });
});
afterAll(() => server[Symbol.asyncDispose]());

type Bytes = Uint8Array<ArrayBuffer>;

/** As Google's own client sends it: lines of Unix, a boundary in Python's quotes. */
const related = (content: Bytes): { readonly body: Bytes; readonly headers: Record<string, string> } => ({
  body: new Uint8Array(
    Buffer.concat([
      Buffer.from('--===mark==\nContent-Type: application/json\nMIME-Version: 1.0\n\n{}\n--===mark==\n'),
      Buffer.from('Content-Type: application/zip\nMIME-Version: 1.0\nContent-Transfer-Encoding: binary\n\n'),
      content,
      Buffer.from('\n--===mark==--\n'),
    ]),
  ),
  headers: {
    'content-type': "multipart/related; boundary='===mark=='",
    'x-goog-upload-protocol': 'multipart',
  },
});
const path = (name = repository) =>
  `/upload/v1/${Members.named(name)}/goModules:create?alt=json&uploadType=multipart`;
const upload = (content: Bytes, { to = repository, as }: { to?: string; as?: string } = {}) =>
  server.send('POST', path(to), { ...related(content), ...(as !== undefined && { as }) });

describe('an upload of a module', () => {
  test('is a version, and an operation that is over', async () => {
    const version = { module: 'example.com/Acme/api', version: 'v1.0.0' };
    const log = await AuditReader.from(server);

    const answer = await upload(moduleZip(version));

    expect(answer.status).toBe(200);
    const { operation } = (await answer.json()) as { operation: Record<string, unknown> };
    const at = new Date(server.clock.now()).toISOString();
    expect(operation).toEqual({
      name: expect.stringContaining(`${LOCATION}/operations/`),
      metadata: { '@type': expect.stringMatching(/\.UploadGoModuleMetadata$/) },
      done: true,
      response: {
        '@type': expect.stringMatching(/\.UploadGoModuleResponse$/),
        goModules: [
          {
            name: `${Members.named(repository)}/goModules/example.com%2FAcme%2Fapi%3Av1.0.0`,
            version: 'v1.0.0',
            createTime: at,
            updateTime: at,
          },
        ],
      },
    });
    const admin = new ApiCaller(server);
    expect(await admin.ok('GET', String(operation['name']))).toEqual(operation);
    const [module] = (await admin.ok('GET', `${Members.named(repository)}/goModules`)).goModules;
    expect(module.version).toBe('v1.0.0');
    expect(await new GoClient(server, repository).list('example.com/Acme/api')).toEqual(['v1.0.0']);
    expect((await log.recorded()).map(({ method, code }) => [method, code])).toEqual([['UploadGoModule', 0]]);
  });

  test('shows the sums that go.sum has of it', async () => {
    const version = { module: 'example.com/summed', version: 'v1.0.0' };
    await upload(moduleZip(version));

    const parent = Members.named(repository);
    const admin = new ApiCaller(server);
    const shown = await admin.get(`${parent}/packages/example.com%2Fsummed/versions/v1.0.0`);
    const zip = { type: 'DIRSUM_SHA256', value: String(shown.metadata.hash).slice('h1:'.length) };
    const mod = { type: 'DIRSUM_SHA256', value: String(shown.metadata.goModHash).slice('h1:'.length) };
    expect(shown.fingerprints).toEqual([zip]);
    const owner = encodeURIComponent(`owner="${shown.name}"`);
    const { files } = await admin.get(`${parent}/files?filter=${owner}`);
    const sums = (files as { name: string; hashes: { type: string }[] }[]).map(({ name, hashes }) => [
      name.slice(name.lastIndexOf('.')),
      hashes.filter(({ type }) => type === zip.type),
    ]);
    expect(sums).toEqual([
      ['.info', []],
      ['.mod', [mod]],
      ['.zip', [zip]],
    ]);
    const file = `${parent}/files/${encodeURIComponent('example.com/summed/@v/v1.0.0.zip')}`;
    expect((await admin.get(file)).hashes).toContainEqual(zip);
  });

  test('may come in a session that can be resumed', async () => {
    const content = moduleZip({ module: 'example.com/parts', version: 'v1.0.0' });
    const begun = await server.send(
      'POST',
      `/resumable/upload/v1/${Members.named(repository)}/goModules:create?uploadType=resumable`,
      { headers: { 'x-upload-content-length': String(content.byteLength) } },
    );
    const { pathname, search } = new URL(begun.headers.get('location') ?? '');
    const part = (from: number, to: number) =>
      server.send('PUT', pathname + search, {
        body: content.slice(from, to),
        headers: { 'content-range': `bytes ${from}-${to - 1}/${content.byteLength}` },
      });
    expect((await part(0, 100)).status).toBe(308);
    expect((await part(100, content.byteLength)).status).toBe(200);
    expect(await new GoClient(server, repository).list('example.com/parts')).toEqual(['v1.0.0']);
  });

  test('larger than any module is refused before it comes', async () => {
    const at = `/upload/v1/${Members.named(repository)}/goModules:create?uploadType=resumable`;
    const headers = { 'x-upload-content-length': String(600 * 1024 * 1024) };
    const refused = await server.send('POST', at, { headers });
    expect([refused.status, await refused.text()]).toEqual([413, expect.stringContaining('more than')]);
  });

  test('may be its bytes alone', async () => {
    const body = moduleZip({ module: 'example.com/alone', version: 'v1.0.0' });
    const headers = { 'content-type': 'application/zip' };
    expect((await server.send('POST', path(), { body, headers })).status).toBe(200);
  });

  test('goes to the member that takes what is published', async () => {
    const answer = await upload(moduleZip({ module: 'example.com/behind', version: 'v1.0.0' }), {
      to: virtual,
    });
    expect([answer.status, await answer.text()]).toEqual([
      200,
      expect.stringContaining(`${Members.named(repository)}/goModules/example.com%2Fbehind`),
    ]);
    expect(await new GoClient(server, repository).list('example.com/behind')).toEqual(['v1.0.0']);
  });

  test('of a version that is there with other content is refused in the words that clients know', async () => {
    const version = { module: 'example.com/twice', version: 'v1.0.0' };
    await upload(moduleZip(version));
    expect((await upload(moduleZip(version))).status).toBe(200);
    const refused = await upload(moduleZip({ ...version, files: { 'more.go': 'package twice\n' } }));
    expect(refused.status).toBe(409);
    const { error } = (await refused.json()) as { error: { message: string; status: string } };
    expect(error).toMatchObject({
      status: 'ALREADY_EXISTS',
      message: expect.stringContaining('already exists'),
    });
  });

  test.each([
    ['what is no module', new Uint8Array(Buffer.from('nothing')), 'it is no zip archive'],
    [
      'a name that is none',
      moduleZip({ module: 'lib', version: 'v1.0.0' }),
      'missing dot in first path element',
    ],
  ])('is refused for %s', async (_, content, says) => {
    const refused = await upload(content);
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain(says);
  });

  test('is refused by a repository of another format, and by one that is not there', async () => {
    const content = moduleZip({ module: 'example.com/astray', version: 'v1.0.0' });
    const other = await upload(content, { to: 'images' });
    expect([other.status, await other.text()]).toEqual([
      400,
      expect.stringContaining('is a repository of the format DOCKER, and this is for GO'),
    ]);
    expect((await upload(content, { to: 'nowhere' })).status).toBe(404);
  });

  test('is refused to whoever may upload other modules only', async () => {
    const as = await server.account('narrow');
    const mine = 'resource.package == "example.com/mine"';
    await server.grantIf(Members.named(repository), 'roles/artifactregistry.writer', 'user:narrow', mine);
    const theirs = await upload(moduleZip({ module: 'example.com/theirs', version: 'v1.0.0' }), { as });
    expect(theirs.status).toBe(403);
    const own = await upload(moduleZip({ module: 'example.com/mine', version: 'v1.0.0' }), { as });
    expect([own.status, await own.text()]).toEqual([200, expect.anything()]);
  });
});
