import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { TestServer } from '../../testing/harness.ts';
import {
  CONFIG,
  descriptorOf,
  digestOf,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  EMPTY,
  EMPTY_DIGEST,
  freshImage,
  type ImageClient,
  INDEX,
  LAYER,
  MANIFEST,
  NOWHERE,
  refusal,
} from '../../testing/oci.ts';

let server: TestServer;
let image: ImageClient;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  image = freshImage(server);
});

const get = (reference: string, headers: Record<string, string> = {}) =>
  image.send('GET', `manifests/${reference}`, { headers });
const headersOf = ({ headers }: Response): Record<string, string> => {
  const { date: _, ...rest } = headers.toJSON();
  return rest;
};

describe('a pushed manifest', () => {
  test('is answered with its address and its digest', async () => {
    const document = await image.document('one');

    const answer = await image.put('v1', document);

    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/v2/${image.name}/manifests/${digestOf(document)}`);
    expect(answer.headers.get('docker-content-digest')).toBe(digestOf(document));
    expect(answer.headers.get('content-length')).toBe('0');
    expect(answer.headers.get('oci-subject')).toBeNull();
    expect(answer.headers.get('warning')).toBeNull();
  });

  test('comes back byte for byte with the type it came with, by tag and by digest', async () => {
    const document = `\n ${(await image.document('two')).replaceAll(',', ' ,\t')}  \r\n`;
    await image.push('v1', document);

    for (const reference of ['v1', digestOf(document)]) {
      const answer = await get(reference);
      expect([answer.status, await answer.text()]).toEqual([200, document]);
      expect(headersOf(answer)).toEqual({
        'accept-ranges': 'bytes',
        'cache-control': reference === 'v1' ? 'private, no-cache' : 'private, max-age=31536000, immutable',
        'content-disposition': 'attachment',
        'content-type': MANIFEST,
        'docker-content-digest': digestOf(document),
        'docker-distribution-api-version': 'registry/2.0',
        etag: `"${digestOf(document)}"`,
        'x-content-type-options': 'nosniff',
      });
    }
  });

  test('answers HEAD with the headers of GET and its length', async () => {
    const { digest, size } = await image.image('v1');

    for (const reference of ['v1', digest]) {
      const head = await image.send('HEAD', `manifests/${reference}`);
      expect([head.status, await head.text()]).toEqual([200, '']);
      expect(headersOf(head)).toEqual({ ...headersOf(await get(reference)), 'content-length': String(size) });
    }
  });

  test('is not sent again to who has it', async () => {
    const { digest } = await image.image('v1');

    const known = [`"${digest}"`, digest, `W/"${digest}"`, `"other", "${digest}"`, '*'];
    for (const tag of known) {
      const answer = await get('v1', { 'if-none-match': tag });
      expect([answer.status, await answer.text()]).toEqual([304, '']);
      expect(answer.headers.get('etag')).toBe(`"${digest}"`);
      expect(answer.headers.get('docker-content-digest')).toBe(digest);
    }
    expect((await get('v1', { 'if-none-match': `"${NOWHERE}"` })).status).toBe(200);
  });

  test('is served whatever Accept says, and never converted', async () => {
    const { digest } = await image.image('v1');

    for (const accept of ['text/html', DOCKER_MANIFEST, 'application/json;q=0'])
      expect(await (await get('v1', { accept })).text().then(digestOf)).toBe(digest);
  });

  test('may be pushed again, by tag and by digest', async () => {
    const document = await image.document('again');

    const answers = [await image.put('v1', document), await image.put('v1', document)];
    answers.push(await image.put(digestOf(document), document));

    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
  });

  test('keeps its type when it is pushed again as another', async () => {
    const config = await image.blob('{}', 'application/x-config');
    const untyped = JSON.stringify({ schemaVersion: 2, config, layers: [] });
    await image.push('v1', untyped, MANIFEST);
    await image.push('v2', untyped, DOCKER_MANIFEST);

    expect((await get('v2')).headers.get('content-type')).toBe(MANIFEST);
  });

  test('moves its tag and stays under its digest', async () => {
    const first = await image.image('latest', 'first');
    const second = await image.image('latest', 'second');

    expect((await get('latest')).headers.get('docker-content-digest')).toBe(second.digest);
    expect((await get(first.digest)).status).toBe(200);
  });

  test('takes upper-case tags, and tells V1 from v1', async () => {
    const upper = await image.image('V1', 'upper');
    const lower = await image.image('v1', 'lower');

    expect((await get('V1')).headers.get('docker-content-digest')).toBe(upper.digest);
    expect((await get('v1')).headers.get('docker-content-digest')).toBe(lower.digest);
  });

  test('may be named by its sha512', async () => {
    const document = await image.document('long');
    const digest = digestOf(document, 'sha512');

    const answer = await image.put(digest, document);

    expect([answer.status, answer.headers.get('docker-content-digest')]).toEqual([201, digest]);
    const back = await get(digest);
    expect([await back.text(), back.headers.get('docker-content-digest')]).toEqual([document, digest]);
  });

  test('gets all tags that its push by digest asks for, and is told so', async () => {
    const document = await image.document('tagged');

    const answer = await image.put(`${digestOf(document)}?tag=a&tag=B&tag=1.0`, document);

    expect([answer.status, answer.headers.get('oci-tag')]).toEqual([201, 'a, B, 1.0']);
    for (const tag of ['a', 'B', '1.0']) expect(await (await get(tag)).text()).toBe(document);
  });

  test('of a media type nobody knows is kept as what it is', async () => {
    const document = JSON.stringify({ hello: 'world' });

    await image.push('x', document, 'application/vnd.example.thing.v7+json; charset=utf-8');

    const answer = await get('x');
    expect([answer.headers.get('content-type'), await answer.text()]).toEqual([
      'application/vnd.example.thing.v7+json',
      document,
    ]);
  });

  test('that says its own type needs no Content-Type', async () => {
    const answer = await image.send('PUT', 'manifests/v1', {
      body: new Blob([await image.document('typed')]).stream(),
    });

    expect(answer.status).toBe(201);
    expect((await get('v1')).headers.get('content-type')).toBe(MANIFEST);
  });

  test('may have exactly 4 MiB', async () => {
    const filler = JSON.stringify({ schemaVersion: 2, filler: '' }).length;
    const document = JSON.stringify({ schemaVersion: 2, filler: 'x'.repeat(4 * 1024 * 1024 - filler) });

    await image.push('big', document, MANIFEST);

    expect(digestOf(await (await get('big')).text())).toBe(digestOf(document));
  });

  test('may use the two bytes everyone knows without sending them', async () => {
    const config = descriptorOf(EMPTY, '{}');
    const layer = await image.blob('the artifact', 'application/x-thing');
    await image.push(
      'v1',
      JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] }),
    );

    expect(await (await image.send('GET', `blobs/${EMPTY_DIGEST}`)).text()).toBe('{}');
  });

  test.each([
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  ])('may leave a layer of type %s where its urls say', async (mediaType) => {
    const config = await image.blob('{}', CONFIG);
    const layers = [
      descriptorOf(mediaType, `not here: ${mediaType}`, { urls: ['https://example.com/layer'] }),
    ];

    await image.push('v1', JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers }));

    const answer = await image.send('GET', `blobs/${layers[0]?.digest}`);
    await refusal(answer, 404, 'BLOB_UNKNOWN');
  });

  test('is an index of images, or of indexes, when they are there', async () => {
    for (const type of [INDEX, DOCKER_LIST]) {
      const child = await image.push(`child`, await image.document(`child of ${type}`));
      const list = JSON.stringify({
        schemaVersion: 2,
        mediaType: type,
        manifests: [{ ...child, platform: { os: 'linux', architecture: 'arm64', 'os.version': '1' } }],
      });
      const inner = await image.push('inner', list, type);
      const outer = await image.push(
        'outer',
        JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [inner] }),
        INDEX,
      );
      expect(digestOf(await (await get('outer')).text())).toBe(outer.digest);
    }
  });
});

describe('a subject', () => {
  test('is named in the answer, with a warning while it is not there', async () => {
    const subject = descriptorOf(MANIFEST, 'not here yet');

    const answer = await image.put('v1', await image.document('about it', { subject }));

    expect(answer.status).toBe(201);
    expect(answer.headers.get('oci-subject')).toBe(subject.digest);
    expect(answer.headers.get('warning')).toMatch(/^299 - "[^"\\]+"$/);
  });

  test('that is there needs no warning', async () => {
    const subject = await image.image('v1');

    const answer = await image.put('signature', await image.document('about it', { subject }));

    expect([answer.headers.get('oci-subject'), answer.headers.get('warning')]).toEqual([
      subject.digest,
      null,
    ]);
  });
});

describe('a manifest is refused', () => {
  const config = descriptorOf(CONFIG, '{}');
  const layer = descriptorOf(LAYER, 'a layer');
  const simple = { schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] };
  const ok = JSON.stringify(simple);
  beforeEach(async () => {
    await image.blob('{}', CONFIG);
    await image.blob('a layer', LAYER);
  });

  interface Row {
    readonly because: string;
    readonly body: string | Uint8Array<ArrayBuffer>;
    readonly type?: string;
    readonly reference?: string;
    readonly status?: number;
    readonly code?: string;
  }
  const of = (change: object): string => JSON.stringify({ ...simple, ...change });
  const rows: readonly Row[] = [
    { because: 'it is empty', body: '' },
    { because: 'it is not JSON', body: 'schemaVersion: 2' },
    { because: 'its JSON ends early', body: ok.slice(0, -1) },
    { because: 'something follows its JSON', body: `${ok}{}` },
    { because: 'it is a list', body: '[]' },
    { because: 'it is null', body: 'null' },
    { because: 'it is a text', body: '"manifest"' },
    { because: 'it is not UTF-8', body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) },
    { because: 'it has a key twice', body: ok.replace('{', '{"schemaVersion":2,') },
    {
      because: 'it has a key twice, spelt in two ways',
      body: ok.replace('{', String.raw`{"layer\u0073":[],`),
    },
    { because: 'a descriptor in it has a key twice', body: ok.replace('"size"', '"size":0,"size"') },
    {
      because: 'it is nested beyond reason',
      body: ok.replace(/\}$/, `,"x":${'['.repeat(100)}${']'.repeat(100)}}`),
    },
    { because: 'it is an image and an index', body: of({ manifests: [] }) },
    { because: 'it is an index with a config', body: of({ layers: undefined, manifests: [] }), type: INDEX },
    { because: 'it has manifests that are no list', body: of({ manifests: {} }) },
    { because: 'its mediaType is not its Content-Type', body: ok, type: INDEX },
    { because: 'it has no type at all', body: of({ mediaType: undefined }), type: '' },
    { because: 'it is an index without manifests', body: '{"schemaVersion":2}', type: INDEX },
    { because: 'it is a list without manifests', body: '{"schemaVersion":2}', type: DOCKER_LIST },
    {
      because: 'it is schema 1',
      body: '{"schemaVersion":1,"name":"x","fsLayers":[]}',
      type: 'application/json',
    },
    {
      because: 'its type is schema 1',
      body: '{"schemaVersion":1}',
      type: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
    },
    { because: 'its schemaVersion is another', body: of({ schemaVersion: 3 }) },
    { because: 'its schemaVersion is a text', body: of({ schemaVersion: '2' }) },
    { because: 'its layers are no list', body: of({ layers: { 0: layer } }) },
    { because: 'its config is no descriptor', body: of({ config: 'config' }) },
    { because: 'a layer has no digest', body: of({ layers: [{ ...layer, digest: undefined }] }) },
    {
      because: 'a layer has a digest of no algorithm',
      body: of({ layers: [{ ...layer, digest: 'md5:00' }] }),
    },
    { because: 'a layer has no size', body: of({ layers: [{ ...layer, size: undefined }] }) },
    { because: 'a layer has less than no size', body: of({ layers: [{ ...layer, size: -1 }] }) },
    { because: 'a layer has half a byte', body: of({ layers: [{ ...layer, size: 1.5 }] }) },
    { because: 'a layer has a size in words', body: of({ layers: [{ ...layer, size: '7' }] }) },
    { because: 'a layer has another size', body: of({ layers: [{ ...layer, size: 8 }] }) },
    { because: 'its config has another size', body: of({ config: { ...config, size: 3 } }) },
    { because: 'its subject is no descriptor', body: of({ subject: { digest: 'x' } }) },
    { because: 'an annotation is a number', body: of({ annotations: { a: 1 } }) },
    { because: 'its annotations are a list', body: of({ annotations: ['a'] }) },
    { because: 'its artifactType is a number', body: of({ artifactType: 1 }) },
    {
      because: 'it has more than 10,000 layers',
      body: of({ layers: Array.from({ length: 10_001 }, () => layer) }),
    },
    {
      because: 'it has more than 1,000 annotations',
      body: of({ annotations: Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`a${n}`, 'b'])) }),
    },
    {
      because: 'a layer of it was not uploaded',
      body: of({ layers: [layer, descriptorOf(LAYER, 'never sent')] }),
      status: 404,
      code: 'MANIFEST_BLOB_UNKNOWN',
    },
    {
      because: 'its config was not uploaded',
      body: of({ config: descriptorOf(CONFIG, 'never sent') }),
      status: 404,
      code: 'MANIFEST_BLOB_UNKNOWN',
    },
    {
      because: 'a child of it was not pushed',
      body: JSON.stringify({
        schemaVersion: 2,
        mediaType: INDEX,
        manifests: [descriptorOf(MANIFEST, 'nowhere')],
      }),
      type: INDEX,
      status: 404,
      code: 'MANIFEST_BLOB_UNKNOWN',
    },
    {
      because: 'a child of it is only a blob',
      body: JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [layer] }),
      type: INDEX,
      status: 404,
      code: 'MANIFEST_BLOB_UNKNOWN',
    },
    { because: 'its digest is another', body: ok, reference: NOWHERE, code: 'DIGEST_INVALID' },
    {
      because: 'its sha512 is another',
      body: ok,
      reference: `sha512:${'0'.repeat(128)}`,
      code: 'DIGEST_INVALID',
    },
    { because: 'its digest is none', body: ok, reference: 'sha256:00', code: 'DIGEST_INVALID' },
    { because: 'its tag is none', body: ok, reference: '.hidden', code: 'TAG_INVALID' },
    { because: 'its tag is too long', body: ok, reference: 'x'.repeat(129), code: 'TAG_INVALID' },
    { because: 'its tag has a plus', body: ok, reference: '1.0+build', code: 'TAG_INVALID' },
    { because: 'its tag has an encoded slash', body: ok, reference: 'a%2fb', code: 'TAG_INVALID' },
    {
      because: 'a further tag is none',
      body: ok,
      reference: `${digestOf(ok)}?tag=ok&tag=n%20o`,
      code: 'TAG_INVALID',
    },
    {
      because: 'it asks for more than 100 tags',
      body: ok,
      reference: `${digestOf(ok)}?${Array.from({ length: 101 }, (_, n) => `tag=t${n}`).join('&')}`,
      code: 'TAG_INVALID',
    },
    {
      because: 'it has a byte more than 4 MiB',
      body: `{"x":"${'x'.repeat(4 * 1024 * 1024 - 7)}"}`,
      status: 413,
      code: 'SIZE_INVALID',
    },
  ];

  test.each(rows)(
    'when $because',
    async ({ body, type = MANIFEST, reference = 'v1', status = 400, code }) => {
      const answer = await image.put(reference, body, type);

      await refusal(answer, status, code ?? 'MANIFEST_INVALID');
      for (const name of ['v1', 'ok', digestOf(body)])
        await refusal(await get(name), 404, 'MANIFEST_UNKNOWN');
    },
  );

  test('when its body is shorter than was said', async () => {
    const headers = { 'content-length': String(ok.length + 1) };

    await refusal(await image.put('v1', ok, MANIFEST, { headers }), 400, 'SIZE_INVALID');
  });

  test('with the missing digest named, so that a client knows what to send', async () => {
    const missing = descriptorOf(LAYER, 'never sent');

    const answer = await image.put('v1', of({ layers: [missing] }));

    const { detail, message } = await refusal(answer, 404, 'MANIFEST_BLOB_UNKNOWN');
    expect(detail).toEqual({ digest: missing.digest });
    expect(message).toContain('upload it first');
  });

  test('when its layer is only in another image', async () => {
    const other = freshImage(server);

    await refusal(await other.put('v1', ok), 404, 'MANIFEST_BLOB_UNKNOWN');
  });

  test('without a look at its body when the caller may not push', async () => {
    const stranger = await server.account('nobody-special');
    const answer = await image.put('v1', ok, MANIFEST, { as: stranger });

    await refusal(answer, 403, 'DENIED');
    await refusal(await image.put('v1', ok, MANIFEST, { as: null }), 401, 'UNAUTHORIZED');
  });
});

describe('a manifest that is not there', () => {
  test.each([
    ['a tag', 'absent', 404, 'MANIFEST_UNKNOWN'],
    ['a digest', NOWHERE, 404, 'MANIFEST_UNKNOWN'],
    ['a bad tag', '-x', 404, 'MANIFEST_UNKNOWN'],
    ['a bad digest', 'sha256:zz', 400, 'DIGEST_INVALID'],
  ] as const)('under %s is said to be so, to GET and HEAD alike', async (_, reference, status, code) => {
    const answer = await get(reference);
    const head = await image.send('HEAD', `manifests/${reference}`);

    await refusal(answer, status, code);
    expect(head.status).toBe(status);
  });

  test('in an image that shares its bytes', async () => {
    const { digest } = await image.image('v1');

    await refusal(await freshImage(server).send('GET', `manifests/${digest}`), 404, 'MANIFEST_UNKNOWN');
  });
});
