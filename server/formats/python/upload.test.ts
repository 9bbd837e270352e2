import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { TestServer } from '../../testing/harness.ts';
import { Members } from '../../testing/members.ts';
import {
  attestationsOf,
  type Bytes,
  type Fields,
  fieldsOf,
  metadataOf,
  PythonClient,
  type Release,
  sdist,
  sdistName,
  sha256,
  wheel,
  wheelFiles,
  wheelName,
} from '../../testing/python.ts';
import { zipped } from '../../testing/zip.ts';

let server: TestServer;
let client: PythonClient;
beforeAll(async () => {
  server = await TestServer.start();
  client = new PythonClient(server, await new Members(server, 'PYTHON').standard('own'));
});
afterAll(() => server[Symbol.asyncDispose]());

const sent = async (filename: string, bytes: Bytes, fields: Fields) => {
  const answer = await client.upload(filename, bytes, fields);
  const text = await answer.text();
  return { status: answer.status, text, type: answer.headers.get('content-type') };
};
const filesOf = async (name: string): Promise<readonly string[]> =>
  (await client.project(name)).files.map((file: { readonly filename: string }) => file.filename);

describe('an upload', () => {
  test('is served as it came, with its metadata beside it', async () => {
    const release: Release = { name: 'Served.Pkg', version: '1.0', metadata: ['Requires-Python: >=3.8,<4'] };
    const bytes = await client.publish(release);

    const { files, ...project } = await client.project('served-pkg');

    expect(project).toEqual({ meta: { 'api-version': '1.4' }, name: 'served-pkg', versions: ['1.0'] });
    const url = `http://localhost:8080${client.path}/served-pkg/served_pkg-1.0-py3-none-any.whl`;
    expect(files).toEqual([
      {
        filename: 'served_pkg-1.0-py3-none-any.whl',
        url,
        hashes: { sha256: sha256(bytes) },
        'requires-python': '>=3.8,<4',
        size: bytes.byteLength,
        'upload-time': new Date(server.clock.now()).toISOString(),
        yanked: false,
        'core-metadata': { sha256: sha256(Buffer.from(metadataOf(release))) },
      },
    ]);
    const path = url.slice(url.indexOf('served-pkg/'));
    expect(await (await client.send('GET', path)).bytes()).toEqual(bytes);
    expect(await (await client.send('GET', `${path}.metadata`)).text()).toBe(metadataOf(release));
  });

  test('is the same whether the file comes first or last, and at each address', async () => {
    for (const [at, fileFirst] of [true, false].entries()) {
      const release = { name: 'ordered', version: `${at}.0` };
      const bytes = wheel(release);
      const answer = await client.upload(wheelName(release), bytes, fieldsOf(release, bytes), { fileFirst });
      expect(answer.status).toBe(200);
    }
    expect(await filesOf('ordered')).toEqual([
      'ordered-0.0-py3-none-any.whl',
      'ordered-1.0-py3-none-any.whl',
    ]);
  });

  test('adds files to a release, under whatever spelling of its name and version', async () => {
    const release = { name: 'several', version: '1.0' };
    await client.publish(release);
    const source = await sdist(release);
    expect(
      await sent(sdistName(release), source, {
        ...fieldsOf(release, source),
        name: 'Several',
        version: 'v1.0.0',
      }),
    ).toMatchObject({ status: 200 });
    const other = wheelName(release).replace('none-any', 'none-linux_x86_64');
    const bytes = wheel(release);
    expect((await sent(other, bytes, fieldsOf(release, bytes))).status).toBe(200);

    const { files, versions } = await client.project('several');

    expect(versions).toEqual(['1.0']);
    expect(files.map((file: { filename: string }) => file.filename)).toEqual([
      'several-1.0-py3-none-any.whl',
      'several-1.0-py3-none-linux_x86_64.whl',
      'several-1.0.tar.gz',
    ]);
    expect(files[2]['core-metadata']).toBe(false);
  });

  test('of the same bytes changes nothing, and of others is refused in the words that clients know', async () => {
    const release = { name: 'again', version: '1.0' };
    const bytes = await client.publish(release);
    expect((await sent(wheelName(release), bytes, fieldsOf(release, bytes))).status).toBe(200);
    const other = wheel({ ...release, module: 'other = 1\n' });

    const refused = await sent(wheelName(release), other, fieldsOf(release, other));

    expect(refused).toMatchObject({ status: 400, type: 'application/json' });
    const { message, code } = JSON.parse(refused.text) as Record<string, string>;
    expect(message).toStartWith('File already exists: again-1.0-py3-none-any.whl is here with other bytes');
    expect(code).toBe(message as string);
    expect((await client.project('again')).files[0].hashes).toEqual({ sha256: sha256(bytes) });
  });

  test('of a file that was deleted is refused for good', async () => {
    const release = { name: 'burnt', version: '1.0' };
    const bytes = await client.publish(release);
    const { path } = client;
    const repository = Members.named(path.slice(path.lastIndexOf('/') + 1));
    await server.send('DELETE', `/v1/${repository}/packages/burnt/versions/1.0`);

    const refused = await sent(wheelName(release), bytes, fieldsOf(release, bytes));

    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('has already been used') });
    expect((await client.send('GET', 'simple/burnt/')).status).toBe(404);
  });

  test('keeps what attests to it', async () => {
    const release = { name: 'attested', version: '1.0' };
    const attestations = attestationsOf(wheelName(release), wheel(release));
    await client.publish(release, { attestations });

    const [{ provenance }] = (await client.project('attested')).files;

    const answer = await client.send('GET', provenance.slice(provenance.indexOf('integrity/')));
    expect(answer.headers.get('content-type')).toBe('application/vnd.pypi.integrity.v1+json');
    expect(await answer.json()).toEqual({
      version: 1,
      attestation_bundles: [
        { publisher: { kind: 'unverified', claims: null }, attestations: JSON.parse(attestations) },
      ],
    });
  });

  test('of one file twenty times at once is one file', async () => {
    const release = { name: 'racing', version: '1.0' };
    const bytes = wheel(release);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => client.upload(wheelName(release), bytes, fieldsOf(release, bytes))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await filesOf('racing')).toEqual([wheelName(release)]);
  });

  test('of many files of one release at once is all of them', async () => {
    const release = { name: 'parallel', version: '1.0' };
    const bytes = wheel(release);
    const names = Array.from({ length: 10 }, (_, at) => wheelName(release).replace('any', `linux_${at}`));
    const answers = await Promise.all(
      names.map((name) => client.upload(name, bytes, fieldsOf(release, bytes))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await filesOf('parallel')).toEqual(names);
  });
});

describe('hostile input', () => {
  const release: Release = { name: 'hostile', version: '1.0' };
  const good = wheel(release);
  const fields = fieldsOf(release, good);
  const name = wheelName(release);
  const without = (file: string) => zipped(wheelFiles(release).filter((each) => !each.name.endsWith(file)));

  const ROWS: readonly (readonly [string, string, Bytes | Promise<Bytes>, Fields, string])[] = [
    [
      'a name that leads up',
      '../hostile-1.0-py3-none-any.whl',
      good,
      fields,
      'Invalid distribution filename',
    ],
    ['a file that is none', 'hostile.txt', good, fields, 'Invalid distribution filename'],
    ['another version in its name', 'hostile-2.0-py3-none-any.whl', good, fields, '.dist-info folder'],
    ['another project in its name', 'other-1.0-py3-none-any.whl', good, fields, '.dist-info folder'],
    ['another name in the form', name, good, { ...fields, name: 'other' }, 'the form says other 1.0'],
    ['another version in the form', name, good, { ...fields, version: '2.0' }, 'the form says hostile 2.0'],
    [
      'a wrong sha256',
      name,
      good,
      { ...fields, sha256_digest: '0'.repeat(64) },
      'The digest supplied does not match',
    ],
    [
      'a wrong md5',
      name,
      good,
      { ...fields, md5_digest: '0'.repeat(32) },
      'The digest supplied does not match',
    ],
    [
      'a wrong blake2',
      name,
      good,
      { ...fields, blake2_256_digest: '0'.repeat(64) },
      'The digest supplied does not match',
    ],
    ['another action', name, good, { ...fields, ':action': 'submit' }, 'the only :action is file_upload'],
    ['no action', name, good, { name: 'hostile' }, 'the only :action is file_upload'],
    ['no zip', name, new Uint8Array(100), {}, 'no zip archive'],
    ['a wheel without metadata', name, without('METADATA'), {}, 'has no hostile-1.0.dist-info/METADATA'],
    ['a wheel without a record', name, without('RECORD'), {}, 'has no hostile-1.0.dist-info/RECORD'],
    [
      'a wheel of something else',
      name,
      zipped(wheelFiles({ name: 'other' })),
      {},
      'must have one .dist-info folder',
    ],
    [
      'two folders of metadata',
      name,
      zipped([...wheelFiles(release), { name: 'other-1.0.dist-info/METADATA', content: 'x' }]),
      {},
      'must have one .dist-info folder',
    ],
    [
      'metadata of something else',
      name,
      wheel({ ...release, metadata: ['Name: other'] }),
      {},
      'more than once',
    ],
    [
      'a wheel behind something',
      name,
      zipped(wheelFiles(release), { before: '#!/bin/sh\n' }),
      {},
      'before its beginning',
    ],
    [
      'a wheel of one size twice',
      name,
      zipped([...wheelFiles(release), ...wheelFiles(release)]),
      {},
      'twice',
    ],
    ['a source archive that is none', sdistName(release), good, {}, 'not a gzipped tar'],
    [
      'a source archive of two folders',
      sdistName(release),
      sdist(release, { 'other/x': 'x' }),
      {},
      'more than one top folder',
    ],
    [
      'a source archive of something else',
      'hostile-2.0.tar.gz',
      sdist(release),
      {},
      'says that it is hostile 1.0',
    ],
    ['attestations that are none', name, good, { ...fields, attestations: '{}' }, 'Invalid attestations'],
    [
      'attestations of something else',
      name,
      good,
      { ...fields, attestations: attestationsOf('other.whl', good) },
      'is not about hostile-1.0-py3-none-any.whl',
    ],
  ];

  test.each(ROWS)('%s is refused', async (_, filename, bytes, given, words) => {
    const content = await bytes;
    const all = Object.keys(given).length > 0 ? given : fieldsOf(release, content);
    const { status, text } = await sent(filename, content, all);
    expect({ status, message: (JSON.parse(text) as { readonly message: string }).message }).toEqual({
      status: 400,
      message: expect.stringContaining(words),
    });
  });

  test('leaves nothing', async () => {
    expect((await client.send('GET', 'simple/hostile/')).status).toBe(404);
    expect((await client.send('GET', `hostile/${name}`)).status).toBe(404);
  });

  test.each([
    ['no form', { 'content-type': 'application/json' }, '{}', 400],
    [
      'a form that is cut off',
      { 'content-type': 'multipart/form-data; boundary=x' },
      '--x\r\nContent-Dis',
      400,
    ],
    [
      'a form without a file',
      { 'content-type': 'multipart/form-data; boundary=x' },
      '--x\r\nContent-Disposition: form-data; name=":action"\r\n\r\nfile_upload\r\n--x--\r\n',
      400,
    ],
  ])('%s is refused', async (_, headers, body, status) => {
    expect((await client.send('POST', '', { headers, body })).status).toBe(status);
  });

  test('is refused at an address where nothing is taken', async () => {
    const answer = await client.send('PUT', 'simple/');
    expect(answer.status).toBe(405);
  });
});
