import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { ApiCaller, type Json, LOCATION } from '../../testing/api.ts';
import { FakeUpstream } from '../../testing/fake-upstream.ts';
import { TestServer } from '../../testing/harness.ts';
import { Members } from '../../testing/members.ts';
import {
  type Bytes,
  JSON_INDEX,
  metadataOf,
  PythonClient,
  sha256,
  wheel,
  wheelName,
} from '../../testing/python.ts';
import { status } from '../../testing/upstream-faults.ts';

let upstream: FakeUpstream;
/** Where the files are, and not the index. */
let files: FakeUpstream;
let server: TestServer;
let members: Members;
let client: PythonClient;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  files = await FakeUpstream.start();
  server = await TestServer.start(['--allow-upstream-hosts', `${upstream.host},${files.host}`]);
  members = new Members(server, 'PYTHON');
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  await files[Symbol.asyncDispose]();
});
beforeEach(async () => {
  upstream.behave();
  client = new PythonClient(server, await members.remote('hub', `${upstream.url}/py`));
});

const RELEASE = { name: 'left-pad', version: '1.0' };
const FILE = wheelName(RELEASE);
const BYTES: Bytes = wheel(RELEASE);
const json = (body: unknown) => ({ headers: { 'content-type': JSON_INDEX }, body: JSON.stringify(body) });
const listed = (more: object = {}) => ({
  filename: FILE,
  url: `${files.url}/packages/ab/${FILE}`,
  hashes: { sha256: sha256(BYTES) },
  ...more,
});
const project = (...all: readonly object[]) =>
  json({ meta: { 'api-version': '1.1' }, name: 'Left_Pad', versions: ['1.0'], files: all });
const stock = (more: object = {}): void => {
  upstream.put('/py/simple/left-pad/', project(listed(more)));
  files.put(`/packages/ab/${FILE}`, { body: BYTES });
  files.put(`/packages/ab/${FILE}.metadata`, { body: metadataOf(RELEASE) });
};
const get = (path: string) => client.send('GET', path);

describe('an index in JSON', () => {
  test('is ours, with addresses of ours and all that it says', async () => {
    const metadata = sha256(Buffer.from(metadataOf(RELEASE)));
    stock({
      'requires-python': '>=3',
      size: 12,
      'upload-time': '2024-01-02T03:04:05.678901Z',
      yanked: 'broken',
      'core-metadata': { sha256: metadata },
      'data-dist-info-metadata': { sha256: metadata },
    });
    const { files: all, name } = await client.project('left-pad');
    expect(name).toBe('left-pad');
    expect(all).toEqual([
      {
        filename: FILE,
        url: `http://localhost:8080${client.path}/left-pad/${FILE}`,
        hashes: { sha256: sha256(BYTES) },
        'requires-python': '>=3',
        size: 12,
        'upload-time': '2024-01-02T03:04:05.678901Z',
        yanked: 'broken',
        'core-metadata': { sha256: metadata },
      },
    ]);
    expect(upstream.asked('/py/simple/left-pad/').at(-1)?.headers['accept']).toStartWith(JSON_INDEX);
    expect(await (await get(`left-pad/${FILE}.metadata`)).text()).toBe(metadataOf(RELEASE));
  });

  test('leads to files at another host, which are fetched once and stay', async () => {
    stock();
    const before = files.asked(`/packages/ab/${FILE}`).length;
    for (const _ of ['cold', 'warm']) expect(await (await get(`left-pad/${FILE}`)).bytes()).toEqual(BYTES);
    expect(files.asked(`/packages/ab/${FILE}`).length).toBe(before + 1);
    upstream.misbehave(/./, status(404));
    expect(await (await get(`left-pad/${FILE}`)).bytes()).toEqual(BYTES);
  });

  test('promises no metadata where the upstream has none', async () => {
    stock();
    const [file] = (await client.project('left-pad')).files;
    expect(file['core-metadata']).toBe(false);
    expect((await get(`left-pad/${FILE}.metadata`)).status).toBe(404);
  });

  test('keeps several files of one version', async () => {
    const other = FILE.replace('none-any', 'none-linux_x86_64');
    upstream.put(
      '/py/simple/left-pad/',
      project(listed(), { ...listed(), filename: other, url: `${files.url}/${other}` }),
    );
    files.put(`/packages/ab/${FILE}`, { body: BYTES });
    files.put(`/${other}`, { body: BYTES });
    for (const name of [FILE, other]) expect((await get(`left-pad/${name}`)).status).toBe(200);
    await files.down();
    for (const name of [FILE, other]) expect(await (await get(`left-pad/${name}`)).bytes()).toEqual(BYTES);
    await files.up();
  });
});

const page = (body: string) => ({
  headers: { 'content-type': 'text/html' },
  body: `<!DOCTYPE html><html>${body}</html>`,
});

describe('an index in HTML', () => {
  test.each([
    ['addresses in full', () => `<a href="${files.url}/f/${FILE}#sha256=${sha256(BYTES)}">${FILE}</a>`],
    ['addresses from here', () => `<a href="../../f/${FILE}#sha256=${sha256(BYTES)}">${FILE}</a>`],
    ['addresses from the root', () => `<a href="/py/f/${FILE}#sha256=${sha256(BYTES)}">${FILE}</a>`],
    [
      'a base',
      () => `<head><base href="/py/f/"></head><a href="${FILE}#sha256=${sha256(BYTES)}">${FILE}</a>`,
    ],
  ])('with %s is read', async (_, body) => {
    upstream.put('/py/simple/left-pad/', page(`<head><title>Links for left-pad</title></head>${body()}`));
    upstream.put(`/py/f/${FILE}`, { body: BYTES });
    files.put(`/f/${FILE}`, { body: BYTES });
    expect((await client.project('left-pad')).files).toMatchObject([
      { filename: FILE, hashes: { sha256: sha256(BYTES) } },
    ]);
    expect(await (await get(`left-pad/${FILE}`)).bytes()).toEqual(BYTES);
  });

  test('says what its attributes say', async () => {
    const attributes = 'data-requires-python="&gt;=3.6,&lt;4" data-yanked="" data-dist-info-metadata="true"';
    upstream.put('/py/simple/left-pad/', page(`<a href="${FILE}" ${attributes}> ${FILE}\n</a>`));
    expect((await client.project('left-pad')).files).toMatchObject([
      { 'requires-python': '>=3.6,<4', yanked: true, 'core-metadata': true, hashes: {} },
    ]);
  });

  test.each([
    ['of a log-in', page('<form>Log in <a href="/help">Help</a></form>')],
    ['of another project', json({ meta: { 'api-version': '1.0' }, name: 'other', files: [] })],
    ['of another version', json({ meta: { 'api-version': '2.0' }, name: 'left-pad', files: [] })],
    ['that is no JSON', { body: '{"files": [' }],
    [
      'that says a key twice',
      { body: '{"meta": {"api-version": "1.0"}, "name": "left-pad", "files": [], "files": []}' },
    ],
  ])('a page %s is none', async (_, content) => {
    upstream.put('/py/simple/left-pad/', content);
    expect((await get('simple/left-pad/')).status).toBe(502);
  });
});

const isBrokenOff = (answer: Response): Promise<boolean> =>
  answer.bytes().then(
    () => false,
    () => true,
  );

describe('what is wrong with an upstream', () => {
  test('a file that is not the one that its index promises is not delivered', async () => {
    stock();
    files.put(`/packages/ab/${FILE}`, { body: wheel({ ...RELEASE, module: 'other = 1\n' }) });
    const answer = await get(`left-pad/${FILE}`);
    expect(answer.status === 502 || (await isBrokenOff(answer))).toBe(true);
  });

  test('metadata that is not what its index promises is not delivered', async () => {
    stock({ 'core-metadata': { sha256: '0'.repeat(64) } });
    const answer = await get(`left-pad/${FILE}.metadata`);
    expect(answer.status === 502 || (await isBrokenOff(answer))).toBe(true);
  });

  test.each([
    ['a private address', 'http://10.0.0.1/x/'],
    ['no address of the web', 'file:///etc/passwd'],
  ])('a file at %s is not asked for', async (_, base) => {
    stock({ url: `${base}${FILE}` });
    expect((await get(`left-pad/${FILE}`)).status).toBeGreaterThanOrEqual(400);
  });

  test('a project that is nowhere is not here', async () => {
    expect((await get('simple/nowhere/')).status).toBe(404);
  });

  test('names that lead elsewhere are left out', async () => {
    upstream.put(
      '/py/simple/left-pad/',
      project(
        listed(),
        listed({ filename: '../left_pad-2.0.tar.gz' }),
        listed({ filename: 'a/left_pad-2.0.tar.gz' }),
      ),
    );
    expect((await client.project('left-pad')).files).toHaveLength(1);
  });
});

test('the root has what was copied, and nothing is asked for it', async () => {
  stock();
  expect((await client.json('simple/')).projects).toEqual([]);
  await (await get(`left-pad/${FILE}`)).bytes();
  expect((await client.json('simple/')).projects).toEqual([{ name: 'left-pad' }]);
  expect(upstream.asked('/py/simple/')).toEqual([]);
});

test.each(['Left_Pad', 'LEFT.PAD', 'left__*', 'left-pad@1.0', 'Left.Pad@v1.0', 'left_pad@1.0-post0'])(
  'a rule means what it names in any spelling: %s',
  async (deny) => {
    const version = deny.endsWith('post0') ? '1.0.post0' : '1.0';
    const filename = wheelName({ ...RELEASE, version });
    upstream.put('/py/simple/left-pad/', project(listed({ filename })));
    const safetyRules = { deny: [deny] };
    const strict = new PythonClient(
      server,
      await members.remote('strict', `${upstream.url}/py`, { safetyRules }),
    );

    const answer = await strict.send('GET', `left-pad/${filename}`);

    expect({ status: answer.status, text: await answer.text() }).toEqual({
      status: 403,
      text: expect.stringContaining('is not let in'),
    });
  },
);

test('a file that came later than its version waits by itself', async () => {
  const day = 24 * 3_600_000;
  const at = (days: number) => ({ 'upload-time': new Date(server.clock.now() - days * day).toISOString() });
  const later = FILE.replace('none-any', 'none-linux_x86_64');
  upstream.put(
    '/py/simple/left-pad/',
    project(listed(at(100)), { ...listed(at(1)), filename: later, url: `${files.url}/${later}` }),
  );
  files.put(`/packages/ab/${FILE}`, { body: BYTES });
  const careful = await members.remote('careful', `${upstream.url}/py`, {
    safetyRules: { minimumReleaseAge: '604800s' },
  });
  const waiting = new PythonClient(server, careful);
  const { files: all, versions } = await waiting.project('left-pad');
  expect(versions).toEqual(['1.0']);
  expect(all.map(({ filename }: { readonly filename: string }) => filename)).toEqual([FILE]);
  expect((await waiting.send('GET', `left-pad/${FILE}`)).status).toBe(200);
  const refused = await waiting.send('GET', `left-pad/${later}`);
  expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('left-pad')]);
});

describe('a virtual repository', () => {
  const HIGH = { name: 'left-pad', version: '99.0' };

  test('gives one’s own, and closes its name to others in every spelling', async () => {
    const own = await members.standard('own');
    const team = new PythonClient(
      server,
      await members.virtual('team', [own, await members.remote('hub', `${upstream.url}/py`)]),
    );
    const url = `${files.url}/${wheelName(HIGH)}`;
    upstream.put('/py/simple/left-pad/', project(listed({ filename: wheelName(HIGH), url, hashes: {} })));
    files.put(`/${wheelName(HIGH)}`, { body: wheel(HIGH) });
    expect((await team.project('left-pad')).versions).toContain('99.0');

    await new PythonClient(server, own).publish({ name: 'Left.Pad', version: '1.0' });

    expect((await team.project('left-pad')).versions).toEqual(['1.0']);
    for (const name of ['left-pad', 'Left_Pad'])
      expect((await team.send('GET', `${name}/${wheelName(HIGH)}`)).status).toBe(404);
    upstream.misbehave(/./, status(503));
    expect((await team.project('left-pad')).versions).toEqual(['1.0']);
  });
});

const prefetched = (...artifacts: readonly string[]): Promise<Json> =>
  new ApiCaller(server).prefetched(`${LOCATION}/repositories/${client.path.split('/').at(-1)}`, artifacts);

describe('a prefetch', () => {
  const SDIST = 'left_pad-1.0.tar.gz';
  let before = 0;
  const fetched = (): readonly string[] =>
    files
      .asked(/packages/)
      .slice(before)
      .map(({ path }) => path.slice(path.lastIndexOf('/') + 1))
      .sort();
  beforeEach(() => {
    files.behave();
    before = files.asked(/packages/).length;
    const sdist = {
      filename: SDIST,
      url: `${files.url}/packages/${SDIST}`,
      hashes: { sha256: sha256(SDIST_BYTES) },
    };
    const metadata = { 'core-metadata': { sha256: sha256(Buffer.from(metadataOf(RELEASE))) } };
    stock();
    upstream.put('/py/simple/left-pad/', project(listed(metadata), sdist));
    files.put(`/packages/${SDIST}`, { body: SDIST_BYTES });
  });
  const SDIST_BYTES: Bytes = new Uint8Array(Buffer.from('not read'));

  test.each<[string, readonly string[]]>([
    ['Left.Pad==1.0', [FILE, `${FILE}.metadata`, SDIST]],
    ['left-pad@1', [FILE, `${FILE}.metadata`, SDIST]],
    [`left_pad/${FILE}`, [FILE, `${FILE}.metadata`]],
    [`left-pad==1.0 --hash=sha256:${sha256(BYTES)}`, [FILE, `${FILE}.metadata`]],
    [`left-pad==1.0 --hash=sha256:${sha256(SDIST_BYTES).toUpperCase()}`, [SDIST]],
  ])('of %s copies what that names, with metadata', async (artifact, expected) => {
    expect(await prefetched(artifact)).toMatchObject({ fetchedCount: 1, totalCount: 1 });
    expect(fetched()).toEqual([...expected].sort());
    expect(await prefetched(artifact)).toMatchObject({ presentCount: 1 });

    for (const each of [upstream, files]) each.misbehave(/./, status(503));
    expect((await get('simple/left-pad/')).status).toBe(200);
    for (const path of expected) expect((await get(`left-pad/${path}`)).status).toBe(200);
  });

  test.each([
    ['left-pad==2.0', 'has no such file'],
    [`left-pad==1.0 --hash=sha256:${'0'.repeat(64)}`, 'has no such file'],
    ['left-pad/left_pad-3.0.tar.gz', 'has no such file'],
    ['left-pad', 'names no files: write NAME==VERSION'],
    ['left-pad>=1.0', 'names no files'],
    ['../x==1.0', 'names no files'],
    ['nowhere==1.0', 'has no project nowhere'],
  ])('of %s says what is wrong', async (artifact, words) => {
    const { failedCount, failures } = await prefetched(artifact);
    expect(failedCount).toBe(1);
    expect(failures).toEqual([{ artifact, message: expect.stringContaining(words) }]);
  });
});
