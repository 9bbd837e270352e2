import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { TestServer } from '../../testing/harness.ts';
import { Members } from '../../testing/members.ts';
import { fieldsOf, JSON_INDEX, PythonClient, wheel, wheelName } from '../../testing/python.ts';

const HTML_INDEX = 'application/vnd.pypi.simple.v1+html';
const PIP =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01';

let server: TestServer;
let client: PythonClient;
beforeAll(async () => {
  server = await TestServer.start();
  client = new PythonClient(server, await new Members(server, 'PYTHON').standard('own'));
  for (const version of ['1.0', '1.0rc1', '1.10', '1.9', '1.0+local'])
    await client.publish({ name: 'demo', version, metadata: ['Requires-Python: >=3.8,<4'] });
});
afterAll(() => server[Symbol.asyncDispose]());

const asked = (accept: string | undefined, path = 'simple/demo/') =>
  client.send('GET', path, { ...(accept !== undefined && { headers: { accept } }) });

describe('the form of an index', () => {
  test.each([
    [undefined, 'text/html; charset=utf-8'],
    ['*/*', 'text/html; charset=utf-8'],
    ['image/png', 'text/html; charset=utf-8'],
    ['text/html', 'text/html; charset=utf-8'],
    [PIP, JSON_INDEX],
    [JSON_INDEX, JSON_INDEX],
    ['application/vnd.pypi.simple.latest+json', JSON_INDEX],
    [HTML_INDEX, HTML_INDEX],
    [`${JSON_INDEX};q=0.2, ${HTML_INDEX};q=0.9`, HTML_INDEX],
    [`${JSON_INDEX};q=0, text/html;q=0.1`, 'text/html; charset=utf-8'],
  ])('for %s is %s', async (accept, type) => {
    for (const path of ['simple/demo/', 'simple/']) {
      const answer = await asked(accept, path);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
      expect(answer.headers.get('vary')).toContain('accept');
    }
  });

  test('can be said in the address', async () => {
    const answer = await asked('text/html', `simple/demo/?format=${encodeURIComponent(JSON_INDEX)}`);
    expect(answer.headers.get('content-type')).toBe(JSON_INDEX);
  });
});

test('files are in the order of their versions', async () => {
  const { versions, files } = await client.project('demo');
  expect(versions).toEqual(['1.0rc1', '1.0', '1.0+local', '1.9', '1.10']);
  expect(files.map(({ filename }: { readonly filename: string }) => filename)).toEqual(
    versions.map((version: string) => wheelName({ name: 'demo', version })),
  );
});

test('a page in HTML says the same, and nothing by the name that breaks old clients is in JSON', async () => {
  const html = await (await asked('text/html')).text();
  expect(html).toContain('data-requires-python="&gt;=3.8,&lt;4"');
  expect(html).toMatch(/data-core-metadata="sha256=[0-9a-f]{64}"/);
  expect(html).toContain('/demo/demo-1.0%2Blocal-py3-none-any.whl#sha256=');
  expect(html).toContain('<meta name="pypi:repository-version" content="1.4">');
  expect(await (await asked(JSON_INDEX)).text()).not.toContain('dist-info-metadata');
});

test('a file whose name has a plus sign is where its address says', async () => {
  const [, , local] = (await client.project('demo')).files;
  const path = new URL(local.url).pathname.slice(client.path.length + 1);
  expect(path).toContain('%2B');
  for (const each of [path, path.replace('%2B', '+'), `${path}.metadata`])
    expect((await client.send('GET', each)).status).toBe(200);
});

test('an index is good until something is published', async () => {
  const release = { name: 'changing', version: '1.0' };
  await client.publish(release);
  const first = await asked(JSON_INDEX, 'simple/changing/');
  const etag = first.headers.get('etag') ?? '';
  const headers = { accept: JSON_INDEX, 'if-none-match': etag };
  expect((await client.send('GET', 'simple/changing/', { headers })).status).toBe(304);
  await client.publish({ ...release, version: '2.0' });
  expect((await client.send('GET', 'simple/changing/', { headers })).status).toBe(200);
});

test.each(['Demo', 'DEMO', 'de--mo'])('another spelling leads to the name', async (spelling) => {
  const name = spelling.replace('--', '-').toLowerCase();
  const answer = await client.send('GET', `simple/${spelling}/?x=1`);
  expect(answer.status).toBe(301);
  expect(answer.headers.get('location')).toBe(`${client.path}/simple/${name}/?x=1`);
});

test.each([
  ['simple/absent/', 'there is no project absent here'],
  ['simple/-/', 'not found'],
  ['simple/a%20b/', 'not found'],
  ['demo/demo-9.0-py3-none-any.whl', 'not found'],
  ['demo/demo-1.0.tar.gz.metadata', 'not found'],
  ['demo/other.txt', 'not found'],
  ['integrity/demo/1.0/demo-1.0-py3-none-any.whl/provenance', 'not found'],
])('%s is not there, and says so', async (path, words) => {
  const answer = await client.send('GET', path);
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({ message: expect.stringContaining(words) });
});

test('the root lists projects until one comes', async () => {
  const own = new PythonClient(server, await new Members(server, 'PYTHON').standard('root'));
  const names = async () =>
    (await own.json('simple/')).projects.map(({ name }: { readonly name: string }) => name);
  expect(await names()).toEqual([]);
  await own.publish({ name: 'B.b' });
  await own.publish({ name: 'a' });
  expect(await names()).toEqual(['a', 'b-b']);
  const etag = (await own.send('GET', 'simple/')).headers.get('etag');
  await own.publish({ name: 'a', version: '2.0' });
  expect((await own.send('GET', 'simple/')).headers.get('etag')).toBe(etag);
  expect(await (await own.send('GET', 'simple/')).text()).toContain(
    `<a href="http://localhost:8080${own.path}/simple/b-b/">b-b</a>`,
  );
});

test('a project may be called like the folder of the indexes', async () => {
  const release = { name: 'simple', version: '1.0' };
  const bytes = await client.publish(release);
  const [{ url }] = (await client.project('simple')).files;
  const path = new URL(url).pathname.slice(client.path.length + 1);
  expect(await (await client.send('GET', path)).bytes()).toEqual(bytes);
  expect((await client.send('GET', `${path}.metadata`)).status).toBe(200);
  expect((await client.upload(wheelName(release), wheel(release), fieldsOf(release, bytes))).status).toBe(
    200,
  );
});

test('a file can be read in parts', async () => {
  const answer = await client.send('GET', 'demo/demo-1.0-py3-none-any.whl', {
    headers: { range: 'bytes=0-1' },
  });
  expect([answer.status, await answer.text()]).toEqual([206, 'PK']);
});
