import { expect } from 'bun:test';
import { noise } from '../fixtures/noise.ts';
import { type Bytes, type Digest, digestOf } from '../harness/oci.ts';
import { conformanceTable, type Row } from './table.ts';
import { ABSENT, type Answer, locationOf, streamOf, type Wire } from './wire.ts';

/** Other bytes on every call. */
const bytesOf = (size: number): Bytes => noise(Math.floor(Math.random() * 2 ** 31), size);

/** The blob can be pulled from where the answer says it is, and is what was pushed. */
async function expectCreated(image: Wire, answer: Answer, digest: Digest): Promise<void> {
  expect(answer.status).toBe(201);
  expect(answer.headers.get('docker-content-digest')).toBe(digest);
  const pulled = await image.get(locationOf(answer));
  expect(pulled.status).toBe(200);
  expect(digestOf(pulled.bytes, digest.startsWith('sha512') ? 'sha512' : 'sha256')).toBe(digest);
}

function expectProgress(answer: Answer, status: number, last: number): void {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('range')).toBe(`0-${last}`);
  expect(locationOf(answer)).not.toBe('');
}

const monolithic: readonly Row[] = [
  {
    level: 'MUST',
    says: 'an upload begins with 202 and a Location of its own',
    async run({ image }) {
      const first = await image.send('POST', 'blobs/uploads/');
      expect(first.status).toBe(202);
      expect(await image.begin()).not.toBe(locationOf(first));
      expect(first.headers.get('docker-upload-uuid')).not.toBeNull();
    },
  },
  {
    level: 'ours',
    says: 'a Location is a path, right on whatever host the client used, and the last slash may be left out',
    async run({ image }) {
      const begun = await image.send('POST', 'blobs/uploads');
      expect(begun.status).toBe(202);
      const bytes = bytesOf(40);
      const done = await image.finish(locationOf(begun), digestOf(bytes), bytes);
      for (const answer of [begun, done]) expect(locationOf(answer)).toStartWith(`/v2/${image.name}/blobs/`);
    },
  },
  ...(['sha256', 'sha512'] as const).flatMap((algorithm): readonly Row[] => [
    {
      level: 'MUST',
      says: `POST then PUT stores a blob by ${algorithm} and says where`,
      async run({ image }) {
        const bytes = bytesOf(10_000);
        const digest = digestOf(bytes, algorithm);
        await expectCreated(image, await image.finish(await image.begin(), digest, bytes), digest);
      },
    },
    {
      level: 'MUST',
      says: `a single POST stores a blob by ${algorithm} and says where`,
      async run({ image }) {
        const bytes = bytesOf(10_000);
        const digest = digestOf(bytes, algorithm);
        const headers = { 'content-type': 'application/octet-stream' };
        const answer = await image.send('POST', `blobs/uploads/?digest=${digest}`, { headers, body: bytes });
        await expectCreated(image, answer, digest);
      },
    },
    {
      level: 'MUST',
      says: `bytes that are not what their ${algorithm} says are refused and not stored, whichever way they come`,
      async run({ image }) {
        const bytes = bytesOf(3000);
        const digest = digestOf(bytesOf(3000), algorithm);
        const streamed = await image.begin();
        await image.patch(streamed, streamOf(bytes));
        const chunked = await image.begin();
        await image.patch(chunked, bytes, '0-2999');
        const answers = [
          await image.finish(await image.begin(), digest, bytes),
          await image.send('POST', `blobs/uploads/?digest=${digest}`, { body: bytes }),
          await image.finish(streamed, digest),
          await image.finish(chunked, digest),
        ];
        for (const { status, codes } of answers) expect([status, ...codes]).toEqual([400, 'DIGEST_INVALID']);
        expect((await image.get(`blobs/${digest}`)).status).toBe(404);
      },
    },
  ]),
  {
    level: 'MUST',
    says: 'a PUT that names no digest, or one that is no digest, is refused',
    async run({ image }) {
      const location = await image.begin();
      expect((await image.send('PUT', location, { body: bytesOf(8) })).status).toBe(400);
      for (const digest of ['sha256:baddigeststring', 'none', 'md9:00'])
        expect((await image.finish(await image.begin(), digest, bytesOf(8))).codes).toEqual([
          'DIGEST_INVALID',
        ]);
    },
  },
  {
    level: 'MUST',
    says: 'a blob of no bytes can be pushed in one request, in two and in chunks',
    async run({ image }) {
      const digest = digestOf('');
      const none = new Uint8Array();
      await expectCreated(image, await image.finish(await image.begin(), digest, none), digest);
      const single = await image.send('POST', `blobs/uploads/?digest=${digest}`, {
        headers: { 'content-type': 'application/octet-stream', 'content-length': '0' },
      });
      await expectCreated(image, single, digest);
      await expectCreated(image, await image.finish(await image.begin(), digest), digest);
    },
  },
  {
    level: 'MAY',
    says: 'an upload may say which digest will come, and then come with it',
    async run({ image }) {
      const bytes = bytesOf(5000);
      const digest = digestOf(bytes, 'sha512');
      const location = await image.begin('?digest-algorithm=sha512');
      expect((await image.patch(location, streamOf(bytes))).status).toBe(202);
      await expectCreated(image, await image.finish(location, digest), digest);
    },
  },
  {
    level: 'ours',
    says: 'pushing a blob that is there succeeds again',
    async run({ image }) {
      const bytes = bytesOf(1000);
      const digest = digestOf(bytes);
      for (let times = 0; times < 2; times += 1)
        await expectCreated(image, await image.finish(await image.begin(), digest, bytes), digest);
    },
  },
];

const chunked: readonly Row[] = [
  {
    level: 'MUST',
    says: 'chunks with Content-Range are taken in order, each answered with Location and Range',
    async run({ image }) {
      const bytes = bytesOf(3000);
      let location = await image.begin();
      for (const start of [0, 1000, 2000]) {
        const answer = await image.patch(
          location,
          bytes.slice(start, start + 1000),
          `${start}-${start + 999}`,
        );
        expectProgress(answer, 202, start + 999);
        location = locationOf(answer);
      }
      await expectCreated(image, await image.finish(location, digestOf(bytes)), digestOf(bytes));
    },
  },
  {
    level: 'MUST',
    says: 'the last chunk may come in the closing PUT',
    async run({ image }) {
      const bytes = bytesOf(3000);
      const begun = await image.patch(await image.begin(), bytes.slice(0, 2000), '0-1999');
      expectProgress(begun, 202, 1999);
      const answer = await image.finish(locationOf(begun), digestOf(bytes), bytes.slice(2000), '2000-2999');
      await expectCreated(image, answer, digestOf(bytes));
    },
  },
  {
    level: 'ours',
    says: 'chunks without Content-Range or length are appended as they stream in',
    async run({ image }) {
      const bytes = bytesOf(300_000);
      const first = await image.patch(
        await image.begin(),
        streamOf(bytes.slice(0, 100_000), bytes.slice(100_000, 200_000)),
      );
      expectProgress(first, 202, 199_999);
      const second = await image.patch(locationOf(first), streamOf(bytes.slice(200_000)));
      expectProgress(second, 202, 299_999);
      await expectCreated(image, await image.finish(locationOf(second), digestOf(bytes)), digestOf(bytes));
    },
  },
  {
    level: 'MUST',
    says: 'a chunk out of order is 416, and the upload goes on from where GET says it stands',
    async run({ image }) {
      const bytes = bytesOf(3000);
      const location = locationOf(await image.patch(await image.begin(), bytes.slice(0, 1000), '0-999'));
      for (const [start, end] of [
        [2000, 3000],
        [0, 1000],
        [999, 1999],
      ] as const) {
        const refused = await image.patch(location, bytes.slice(start, end), `${start}-${end - 1}`);
        expectProgress(refused, 416, 999);
      }
      const status = await image.get(location);
      expectProgress(status, 204, 999);
      const rest = await image.patch(locationOf(status), bytes.slice(1000), '1000-2999');
      expectProgress(rest, 202, 2999);
      await expectCreated(image, await image.finish(locationOf(rest), digestOf(bytes)), digestOf(bytes));
    },
  },
  {
    level: 'MUST',
    says: 'a first chunk that does not begin at 0 is 416',
    async run({ image }) {
      const refused = await image.patch(await image.begin(), bytesOf(1000), '1000-1999');
      expect(refused.status).toBe(416);
    },
  },
  {
    level: 'MUST',
    says: 'a closing PUT whose chunk is out of order is 416 and can be repeated rightly',
    async run({ image }) {
      const bytes = bytesOf(2000);
      const location = locationOf(await image.patch(await image.begin(), bytes.slice(0, 1000), '0-999'));
      expect((await image.finish(location, digestOf(bytes), bytes.slice(1000), '1500-2499')).status).toBe(
        416,
      );
      await expectCreated(
        image,
        await image.finish(location, digestOf(bytes), bytes.slice(1000), '1000-1999'),
        digestOf(bytes),
      );
    },
  },
  {
    level: 'ours',
    says: 'a chunk whose range and body differ in length is SIZE_INVALID, and one that is no range is refused',
    async run({ image }) {
      const refused = await image.patch(await image.begin(), bytesOf(1000), '0-499');
      expect([refused.status, ...refused.codes]).toEqual([400, 'SIZE_INVALID']);
      for (const range of ['0', 'a-b', '999-0', '0-'])
        expect([400, 416]).toContain((await image.patch(await image.begin(), bytesOf(1000), range)).status);
    },
  },
];

const sessions: readonly Row[] = [
  {
    level: 'MUST',
    says: 'GET of an upload that has just begun is 204 with Location and Range',
    async run({ image }) {
      const answer = await image.get(await image.begin());
      expect(answer.status).toBe(204);
      expect(answer.headers.get('range')).toMatch(/^0-/);
      expect(answer.headers.get('location')).not.toBeNull();
    },
  },
  {
    level: 'MAY',
    says: 'DELETE of an upload is 204, and nothing can be sent to it after',
    async run({ image }) {
      const location = await image.begin();
      expect((await image.delete(location)).status).toBe(204);
      const answers = [
        await image.get(location),
        await image.patch(location, bytesOf(100)),
        await image.finish(location, digestOf('x')),
        await image.delete(location),
      ];
      for (const { status, codes, method } of answers)
        expect([method, status, ...codes]).toEqual([method, 404, 'BLOB_UPLOAD_UNKNOWN']);
    },
  },
  {
    level: 'MUST',
    says: 'an upload nobody began is 404',
    async run({ image }) {
      await image.pushBlob(bytesOf(10));
      const location = `blobs/uploads/${crypto.randomUUID()}`;
      for (const answer of [await image.get(location), await image.patch(location, bytesOf(10))])
        expect([answer.status, ...answer.codes]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
    },
  },
  {
    level: 'MUST',
    says: 'an upload that was finished is over',
    async run({ image }) {
      const location = await image.begin();
      const bytes = bytesOf(100);
      expect((await image.finish(location, digestOf(bytes), bytes)).status).toBe(201);
      expect((await image.finish(location, digestOf(bytes), bytes)).status).toBe(404);
    },
  },
  {
    level: 'ours',
    says: 'an upload belongs to the image it was begun for',
    async run({ image, other }) {
      const location = (await image.begin()).replace(image.name, other.name);
      expect((await other.patch(location, bytesOf(100))).codes).toEqual(['BLOB_UPLOAD_UNKNOWN']);
    },
  },
];

const mounts: readonly Row[] = [
  ...(['sha256', 'sha512'] as const).map((algorithm): Row => ({
    level: 'MUST',
    says: `a blob of another repository is mounted by ${algorithm}, with or without saying from where`,
    async run({ image, other }) {
      for (const from of [`&from=${other.name}`, '']) {
        const bytes = bytesOf(2000);
        const digest = digestOf(bytes, algorithm);
        expect((await other.finish(await other.begin(), digest, bytes)).status).toBe(201);
        const mounted = await image.send('POST', `blobs/uploads/?mount=${digest}${from}`);
        await expectCreated(image, mounted, digest);
        expect((await other.delete(`blobs/${digest}`)).status).toBe(202);
        expect((await image.get(`blobs/${digest}`)).status).toBe(200);
      }
    },
  })),
  {
    level: 'SHOULD',
    says: 'a mount that cannot be done is 202, an upload that can go on',
    async run({ image, other }) {
      await other.pushBlob(bytesOf(10));
      const impossible = [
        `?mount=${ABSENT}&from=${other.name}`,
        `?mount=${ABSENT}&from=us-central1-docker/my-project/none/such`,
        `?mount=${ABSENT}&from=nonsense`,
        `?mount=${ABSENT}`,
      ];
      for (const query of impossible) {
        const bytes = bytesOf(500);
        const location = await image.begin(query);
        await expectCreated(image, await image.finish(location, digestOf(bytes), bytes), digestOf(bytes));
      }
    },
  },
  {
    level: 'ours',
    says: 'a mounted blob can be the layer of an image',
    async run({ image, other }) {
      const layer = await other.pushBlob(bytesOf(4000), 'application/vnd.oci.image.layer.v1.tar');
      await image.send('POST', `blobs/uploads/?mount=${layer.digest}&from=${other.name}`);
      await image.pushImage('mounted', { layers: [layer] });
    },
  },
];

conformanceTable('push of blobs', [...monolithic, ...chunked, ...sessions, ...mounts]);
