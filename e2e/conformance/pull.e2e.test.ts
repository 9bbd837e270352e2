import { expect } from 'bun:test';
import { digestOf, encodeJson, mediaTypes } from '../harness/oci.ts';
import { noise } from '../fixtures/noise.ts';
import { conformanceTable, type Row } from './table.ts';
import { ABSENT, type Answer, textOf, utf8, type Wire } from './wire.ts';

async function pushRandom(image: Wire, size: number) {
  const bytes = noise(size + 7, size);
  return { bytes, ...(await image.pushBlob(bytes)) };
}

const hasDigest = (answer: Answer, digest: string): void =>
  expect(answer.headers.get('docker-content-digest')).toBe(digest);

const support: readonly Row[] = [
  {
    level: 'MUST',
    says: 'the base answers 200 to a caller with credentials and challenges one without',
    async run({ image }) {
      expect((await image.get('/v2/')).status).toBe(200);
      const challenged = await image.send('GET', '/v2/', { anonymous: true });
      expect(challenged.status).toBe(401);
      expect(challenged.codes).toEqual(['UNAUTHORIZED']);
      expect(challenged.headers.get('www-authenticate')).toMatch(/^Bearer realm="http:\/\/[^"]+"/);
    },
  },
  {
    level: 'ours',
    says: 'every answer, the challenge too, says which API it is',
    async run({ image }) {
      const answers = [
        await image.get('/v2/'),
        await image.send('GET', '/v2/', { anonymous: true }),
        await image.get('manifests/none'),
      ];
      for (const { headers } of answers)
        expect(headers.get('docker-distribution-api-version')).toBe('registry/2.0');
    },
  },
];

const manifests: readonly Row[] = [
  {
    level: 'MUST',
    says: 'a manifest is served by tag and by digest with the bytes that were pushed',
    async run({ image }) {
      const manifest = await image.imageManifest();
      const spaced = utf8(`${JSON.stringify(manifest, null, '\t')}\n \n`);
      const digest = digestOf(spaced);
      expect((await image.put('spaced', spaced, mediaTypes.manifest)).status).toBe(201);
      for (const reference of ['spaced', digest]) {
        const answer = await image.get(`manifests/${reference}`);
        expect(answer.status).toBe(200);
        expect(digestOf(answer.bytes)).toBe(digest);
        hasDigest(answer, digest);
        expect(answer.headers.get('content-length')).toBe(String(spaced.byteLength));
      }
    },
  },
  {
    level: 'SHOULD',
    says: 'the Content-Type of a manifest is the one it was pushed with, without parameters',
    async run({ image }) {
      const bytes = encodeJson(await image.imageManifest());
      expect((await image.put('typed', bytes, `${mediaTypes.manifest}; charset=utf-8`)).status).toBe(201);
      expect((await image.get('manifests/typed')).headers.get('content-type')).toBe(mediaTypes.manifest);
    },
  },
  {
    level: 'MUST',
    says: 'HEAD of a manifest answers 200 with length, type and digest, and no body',
    async run({ image }) {
      const { digest, size } = await image.pushImage('v1');
      for (const reference of ['v1', digest]) {
        const answer = await image.head(`manifests/${reference}`);
        expect(answer.status).toBe(200);
        expect(answer.bytes.byteLength).toBe(0);
        expect(answer.headers.get('content-length')).toBe(String(size));
        expect(answer.headers.get('content-type')).toBe(mediaTypes.manifest);
        hasDigest(answer, digest);
      }
    },
  },
  {
    level: 'MUST',
    says: 'an unknown manifest, tag, image or repository is 404, by GET and by HEAD',
    async run({ image }) {
      const nowhere = [
        `/v2/${image.name}-none/manifests/v1`,
        '/v2/us-central1-docker/my-project/none/x/manifests/v1',
      ];
      for (const path of ['manifests/none', `manifests/${ABSENT}`, ...nowhere]) {
        const answer = await image.get(path);
        expect(answer.status).toBe(404);
        expect(['MANIFEST_UNKNOWN', 'NAME_UNKNOWN']).toContain(answer.codes[0] ?? '');
        expect((await image.head(path)).status).toBe(404);
      }
    },
  },
  {
    level: 'MUST',
    says: 'a reference that is neither digest nor tag is refused',
    async run({ image }) {
      await image.pushImage('v1');
      for (const reference of ['sha256:baddigeststring', 'x'.repeat(129), '.dot', '-dash', 'sha256:'])
        expect([400, 404]).toContain((await image.get(`manifests/${reference}`)).status);
    },
  },
  {
    level: 'ours',
    says: 'a manifest is served as it is stored, whatever Accept says',
    async run({ image }) {
      const { digest } = await image.pushImage('v1');
      for (const accept of [mediaTypes.dockerManifest, 'text/html', 'application/vnd.example.unknown'])
        hasDigest(await image.get('manifests/v1', { accept }), digest);
    },
  },
  {
    level: 'ours',
    says: 'a mirror parameter changes nothing, and nothing is compressed on the way',
    async run({ image }) {
      const { digest } = await image.pushImage('v1');
      const answer = await image.get('manifests/v1?ns=registry.example.com', {
        'accept-encoding': 'gzip, br',
      });
      expect(answer.status).toBe(200);
      hasDigest(answer, digest);
      expect(answer.headers.get('content-encoding')).toBeNull();
    },
  },
  {
    level: 'ours',
    says: 'a manifest that the client has is 304',
    async run({ image }) {
      const { digest } = await image.pushImage('v1');
      for (const tag of [`"${digest}"`, digest])
        expect((await image.get('manifests/v1', { 'if-none-match': tag })).status).toBe(304);
      expect((await image.get('manifests/v1', { 'if-none-match': `"${ABSENT}"` })).status).toBe(200);
    },
  },
  {
    level: 'MAY',
    says: 'a manifest pushed by sha512 is served by sha512, and says so',
    async run({ image }) {
      const bytes = encodeJson(await image.imageManifest());
      const digest = digestOf(bytes, 'sha512');
      expect((await image.put(digest, bytes, mediaTypes.manifest)).status).toBe(201);
      const answer = await image.get(`manifests/${digest}`);
      expect(answer.status).toBe(200);
      expect(digestOf(answer.bytes, 'sha512')).toBe(digest);
      hasDigest(answer, digest);
    },
  },
];

const blobs: readonly Row[] = [
  {
    level: 'MUST',
    says: 'a blob is served whole, with its digest and length',
    async run({ image }) {
      const { bytes, digest } = await pushRandom(image, 100_000);
      const answer = await image.get(`blobs/${digest}`);
      expect(answer.status).toBe(200);
      expect(digestOf(answer.bytes)).toBe(digest);
      hasDigest(answer, digest);
      expect(answer.headers.get('content-length')).toBe(String(bytes.byteLength));
    },
  },
  {
    level: 'MUST',
    says: 'HEAD of a blob answers 200 with length and digest, and no body',
    async run({ image }) {
      const { bytes, digest } = await pushRandom(image, 5000);
      const answer = await image.head(`blobs/${digest}`);
      expect(answer.status).toBe(200);
      expect(answer.bytes.byteLength).toBe(0);
      expect(answer.headers.get('content-length')).toBe(String(bytes.byteLength));
      hasDigest(answer, digest);
    },
  },
  {
    level: 'MUST',
    says: 'an unknown blob is 404, by GET and by HEAD',
    async run({ image }) {
      await image.pushImage('v1');
      const answer = await image.get(`blobs/${ABSENT}`);
      expect(answer.status).toBe(404);
      expect(answer.codes).toEqual(['BLOB_UNKNOWN']);
      expect((await image.head(`blobs/${ABSENT}`)).status).toBe(404);
    },
  },
  {
    level: 'ours',
    says: 'a blob of one repository is not in another',
    async run({ image, other }) {
      const { digest } = await pushRandom(image, 100);
      await other.pushImage('v1');
      expect((await other.get(`blobs/${digest}`)).status).toBe(404);
    },
  },
  {
    level: 'MUST',
    says: 'a blob of no bytes is served',
    async run({ image }) {
      const { digest } = await image.pushBlob(new Uint8Array());
      const answer = await image.get(`blobs/${digest}`);
      expect(answer.status).toBe(200);
      expect(answer.bytes.byteLength).toBe(0);
      expect((await image.head(`blobs/${digest}`)).headers.get('content-length')).toBe('0');
    },
  },
  {
    level: 'MAY',
    says: 'a blob pushed by sha512 is served by sha512, and says so',
    async run({ image }) {
      const bytes = noise(3, 3000);
      const digest = digestOf(bytes, 'sha512');
      expect((await image.finish(await image.begin(), digest, bytes)).status).toBe(201);
      for (const method of ['GET', 'HEAD']) {
        const answer = await image.send(method, `blobs/${digest}`);
        expect(answer.status).toBe(200);
        hasDigest(answer, digest);
        expect(answer.headers.get('content-length')).toBe(String(bytes.byteLength));
      }
    },
  },
  {
    level: 'MUST',
    says: 'a digest that is no digest is refused',
    async run({ image }) {
      for (const digest of ['sha256:short', 'sha256:' + 'G'.repeat(64), 'md9:abc', 'none'])
        expect([400, 404]).toContain((await image.get(`blobs/${digest}`)).status);
    },
  },
];

const SIZE = 2048;
const partial = (start: number, end: number) => ({
  start,
  end,
  contentRange: `bytes ${start}-${end}/${SIZE}`,
});
const ranges: readonly Row[] = [
  ...(
    [
      ['500-1499', partial(500, 1499)],
      ['500-', partial(500, SIZE - 1)],
      ['-500', partial(SIZE - 500, SIZE - 1)],
      ['0-0', partial(0, 0)],
      ['2000-5000', partial(2000, SIZE - 1)],
      ['-5000', partial(0, SIZE - 1)],
    ] as const
  ).map(([range, { start, end, contentRange }]): Row => ({
    level: 'SHOULD',
    says: `Range bytes=${range} of a blob is 206 with those bytes`,
    async run({ image }) {
      const { bytes, digest } = await pushRandom(image, SIZE);
      const answer = await image.get(`blobs/${digest}`, { range: `bytes=${range}` });
      expect(answer.status).toBe(206);
      expect(answer.headers.get('content-range')).toBe(contentRange);
      expect(answer.headers.get('content-length')).toBe(String(end - start + 1));
      expect(digestOf(answer.bytes)).toBe(digestOf(bytes.subarray(start, end + 1)));
    },
  })),
  ...(['5000-10000', `${SIZE}-`, '500-0'] as const).map((range): Row => ({
    level: 'SHOULD',
    says: `Range bytes=${range}, which names no byte of the blob, is 416`,
    async run({ image }) {
      const { digest } = await pushRandom(image, SIZE);
      const answer = await image.get(`blobs/${digest}`, { range: `bytes=${range}` });
      expect(answer.status).toBe(416);
      expect(answer.headers.get('content-range')).toBe(`bytes */${SIZE}`);
    },
  })),
  {
    level: 'SHOULD',
    says: 'a range unit that nobody knows is ignored',
    async run({ image }) {
      const { digest } = await pushRandom(image, SIZE);
      const answer = await image.get(`blobs/${digest}`, { range: 'lines=1-2' });
      expect(answer.status).toBe(200);
      expect(digestOf(answer.bytes)).toBe(digest);
    },
  },
  {
    level: 'ours',
    says: 'a refusal is text a person can read',
    async run({ image }) {
      const answer = await image.get(`blobs/${ABSENT}`);
      expect(textOf(answer).length).toBeGreaterThan(40);
    },
  },
];

conformanceTable('pull', [...support, ...manifests, ...blobs, ...ranges]);
