import { expect } from 'bun:test';
import { type Bytes, describe, digestOf, encodeJson, mediaTypes } from '../harness/oci.ts';
import { conformanceTable, type Row } from './table.ts';
import { ABSENT, type Answer, locationOf, utf8, type Wire } from './wire.ts';

const MIB = 1024 * 1024;
const absent = (mediaType: string) => ({ mediaType, digest: ABSENT, size: 23 });

async function expectStored(image: Wire, answer: Answer, bytes: Bytes, mediaType: string): Promise<void> {
  expect(answer.status).toBe(201);
  const pulled = await image.get(locationOf(answer));
  expect(pulled.status).toBe(200);
  expect(digestOf(pulled.bytes)).toBe(digestOf(bytes));
  expect(pulled.headers.get('content-type')).toBe(mediaType);
}

/** A manifest of exactly `size` bytes. */
async function manifestOf(image: Wire, size: number): Promise<Bytes> {
  const manifest = await image.imageManifest();
  const empty = encodeJson({ ...manifest, annotations: { filler: '' } });
  return encodeJson({ ...manifest, annotations: { filler: 'x'.repeat(size - empty.byteLength) } });
}

const taken: readonly Row[] = [
  {
    level: 'MUST',
    says: 'a manifest by tag is 201 with a Location to pull it from and its digest',
    async run({ image }) {
      const bytes = encodeJson(await image.imageManifest());
      const answer = await image.put('v1', bytes, mediaTypes.manifest);
      await expectStored(image, answer, bytes, mediaTypes.manifest);
      expect(answer.headers.get('docker-content-digest')).toBe(digestOf(bytes));
    },
  },
  {
    level: 'MUST',
    says: 'a manifest by digest is 201 with a Location to pull it from and its digest',
    async run({ image }) {
      const bytes = encodeJson(await image.imageManifest());
      const answer = await image.put(digestOf(bytes), bytes, mediaTypes.manifest);
      await expectStored(image, answer, bytes, mediaTypes.manifest);
      expect(answer.headers.get('docker-content-digest')).toBe(digestOf(bytes));
    },
  },
  {
    level: 'SHOULD',
    says: 'a manifest of 4 MiB is taken and a larger one is 413',
    async run({ image }) {
      const largest = await manifestOf(image, 4 * MIB);
      await expectStored(
        image,
        await image.put('large', largest, mediaTypes.manifest),
        largest,
        mediaTypes.manifest,
      );
      const larger = await manifestOf(image, 4 * MIB + 1);
      expect((await image.put('larger', larger, mediaTypes.manifest)).status).toBe(413);
      expect((await image.get('manifests/larger')).status).toBe(404);
    },
  },
  {
    level: 'MUST',
    says: 'an image of no layers, an artifact and fields that nobody knows are taken',
    async run({ image }) {
      const config = await image.pushBlob(utf8('{}'), mediaTypes.empty);
      const manifests = [
        await image.imageManifest({ layers: [] }),
        await image.imageManifest({ layers: [config], config, artifactType: 'application/vnd.example+type' }),
        { ...(await image.imageManifest()), 'org.example.unknown': { of: ['any', 'kind'] } },
        await image.imageManifest({ layers: [{ ...config, data: btoa('{}') }] }),
      ];
      for (const manifest of manifests) await image.pushManifest(manifest, mediaTypes.manifest);
    },
  },
  {
    level: 'MUST',
    says: 'layers that are not distributable need not be there',
    async run({ image }) {
      const away = { ...absent(mediaTypes.nondistributableLayer), urls: ['https://store.example.com/layer'] };
      await image.pushImage('foreign', { layers: [away] });
      const foreign = { ...away, mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' };
      await image.pushImage('docker-foreign', { layers: [foreign] });
    },
  },
  {
    level: 'MUST',
    says: 'an index is taken: of images, of indexes, of nothing, with and without a platform',
    async run({ image }) {
      const images = [await image.pushImage(), await image.pushImage()];
      const platform = { os: 'linux', architecture: 'amd64' };
      const index = { schemaVersion: 2, mediaType: mediaTypes.index };
      const inner = await image.pushManifest(
        { ...index, manifests: images.map((descriptor) => ({ ...descriptor, platform })) },
        mediaTypes.index,
      );
      await image.pushManifest({ ...index, manifests: [inner, ...images] }, mediaTypes.index, 'nested');
      await image.pushManifest({ ...index, manifests: [] }, mediaTypes.index, 'empty');
    },
  },
  {
    level: 'ours',
    says: 'Docker manifests and lists are kept byte for byte',
    async run({ image }) {
      const config = await image.pushBlob(utf8('{"docker":true}'), mediaTypes.dockerConfig);
      const layer = await image.pushBlob(utf8('layer'), mediaTypes.dockerLayer);
      const bytes = utf8(
        JSON.stringify(
          { schemaVersion: 2, mediaType: mediaTypes.dockerManifest, config, layers: [layer] },
          null,
          3,
        ),
      );
      await expectStored(
        image,
        await image.put('v2', bytes, mediaTypes.dockerManifest),
        bytes,
        mediaTypes.dockerManifest,
      );
      const child = {
        ...describe(mediaTypes.dockerManifest, bytes),
        platform: { os: 'linux', architecture: 'arm' },
      };
      const list = utf8(
        `${JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.dockerList, manifests: [child] })}\n`,
      );
      await expectStored(
        image,
        await image.put('list', list, mediaTypes.dockerList),
        list,
        mediaTypes.dockerList,
      );
    },
  },
  {
    level: 'MUST',
    says: 'a manifest without mediaType is taken as the Content-Type says',
    async run({ image }) {
      const { mediaType, ...manifest } = await image.imageManifest();
      const bytes = encodeJson(manifest);
      await expectStored(image, await image.put('bare', bytes, mediaType ?? ''), bytes, mediaTypes.manifest);
    },
  },
  {
    level: 'ours',
    says: 'a manifest without Content-Type is taken as its mediaType says',
    async run({ image }) {
      const bytes = encodeJson(await image.imageManifest());
      const answer = await image.send('PUT', 'manifests/untyped', { body: bytes });
      await expectStored(image, answer, bytes, mediaTypes.manifest);
    },
  },
  {
    level: 'ours',
    says: 'a tag moves to what was pushed last, and the same push again succeeds',
    async run({ image }) {
      const first = await image.pushImage('moving');
      const manifest = await image.imageManifest();
      await image.pushManifest(manifest, mediaTypes.manifest, 'moving');
      const second = await image.pushManifest(manifest, mediaTypes.manifest, 'moving');
      expect((await image.head('manifests/moving')).headers.get('docker-content-digest')).toBe(second.digest);
      expect((await image.head(`manifests/${first.digest}`)).status).toBe(200);
    },
  },
  {
    level: 'MAY',
    says: 'a push by digest sets every tag that it asks for, and says which',
    async run({ image }) {
      for (const algorithm of ['sha256', 'sha512'] as const) {
        const bytes = encodeJson(await image.imageManifest());
        const digest = digestOf(bytes, algorithm);
        const tags = ['a', 'b', 'c'].map((tag) => `${tag}-${algorithm}`);
        const query = tags.map((tag) => `tag=${tag}`).join('&');
        const answer = await image.put(`${digest}?${query}`, bytes, mediaTypes.manifest);
        expect(answer.status).toBe(201);
        const echoed = (answer.headers.get('oci-tag') ?? '').split(',').map((tag) => tag.trim());
        expect(new Set(echoed)).toEqual(new Set(tags));
        for (const tag of tags)
          expect(digestOf((await image.get(`manifests/${tag}`)).bytes)).toBe(digestOf(bytes));
      }
    },
  },
];

const subjects: readonly Row[] = [
  {
    level: 'MUST',
    says: 'a manifest with a subject is answered with OCI-Subject',
    async run({ image }) {
      const subject = await image.pushImage();
      const bytes = encodeJson(await image.imageManifest({ subject }));
      for (const reference of ['about', digestOf(bytes)]) {
        const answer = await image.put(reference, bytes, mediaTypes.manifest);
        expect([answer.status, answer.headers.get('oci-subject')]).toEqual([201, subject.digest]);
      }
      const plain = await image.put('plain', encodeJson(await image.imageManifest()), mediaTypes.manifest);
      expect(plain.headers.get('oci-subject')).toBeNull();
    },
  },
  {
    level: 'MUST',
    says: 'a subject that is not there is no reason to refuse',
    async run({ image }) {
      const subject = absent(mediaTypes.manifest);
      const bytes = encodeJson(await image.imageManifest({ subject }));
      const answer = await image.put('early', bytes, mediaTypes.manifest);
      expect([answer.status, answer.headers.get('oci-subject')]).toEqual([201, ABSENT]);
    },
  },
  {
    level: 'MUST',
    says: 'an index may have a subject too',
    async run({ image }) {
      const subject = await image.pushImage();
      const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [], subject };
      const answer = await image.put('index', encodeJson(index), mediaTypes.index);
      expect([answer.status, answer.headers.get('oci-subject')]).toEqual([201, subject.digest]);
    },
  },
];

const refused: readonly Row[] = [
  {
    level: 'MUST',
    says: 'a manifest that names a missing blob or child is MANIFEST_BLOB_UNKNOWN',
    async run({ image }) {
      const incomplete: readonly (readonly [object, string])[] = [
        [await image.imageManifest({ layers: [absent(mediaTypes.layer)] }), mediaTypes.manifest],
        [await image.imageManifest({ config: absent(mediaTypes.config) }), mediaTypes.manifest],
        [
          { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [absent(mediaTypes.manifest)] },
          mediaTypes.index,
        ],
      ];
      for (const [manifest, mediaType] of incomplete) {
        const answer = await image.put('incomplete', encodeJson(manifest), mediaType);
        expect([400, 404]).toContain(answer.status);
        expect(answer.codes).toEqual(['MANIFEST_BLOB_UNKNOWN']);
        expect(new TextDecoder().decode(answer.bytes)).toContain(ABSENT);
      }
      expect((await image.get('manifests/incomplete')).status).toBe(404);
    },
  },
  {
    level: 'MUST',
    says: 'a manifest that is not what its digest says is DIGEST_INVALID and not stored',
    async run({ image }) {
      const bytes = encodeJson(await image.imageManifest());
      for (const digest of [ABSENT, digestOf('other', 'sha512'), 'sha256:baddigeststring']) {
        const answer = await image.put(digest, bytes, mediaTypes.manifest);
        expect([answer.status, ...answer.codes]).toEqual([400, 'DIGEST_INVALID']);
      }
      expect((await image.get(`manifests/${digestOf(bytes)}`)).status).toBe(404);
    },
  },
  {
    level: 'ours',
    says: 'what is no manifest is MANIFEST_INVALID',
    async run({ image }) {
      const manifest = await image.imageManifest();
      const wrong: readonly (readonly [string, Bytes, string])[] = [
        ['no JSON', utf8('{"schemaVersion":2,'), mediaTypes.manifest],
        ['an array', utf8('[]'), mediaTypes.manifest],
        ['empty', new Uint8Array(), mediaTypes.manifest],
        ['not UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), mediaTypes.manifest],
        ['another version', encodeJson({ ...manifest, schemaVersion: 1 }), mediaTypes.manifest],
        ['type differs', encodeJson({ ...manifest, mediaType: mediaTypes.index }), mediaTypes.manifest],
        ['both kinds', encodeJson({ ...manifest, manifests: [] }), mediaTypes.manifest],
        [
          'bad digest',
          encodeJson({ ...manifest, layers: [{ ...absent('a/b'), digest: 'sha256:1' }] }),
          mediaTypes.manifest,
        ],
      ];
      for (const [what, bytes, mediaType] of wrong) {
        const answer = await image.put('wrong', bytes, mediaType);
        expect([what, answer.status, ...answer.codes]).toEqual([what, 400, 'MANIFEST_INVALID']);
      }
      expect((await image.get('manifests/wrong')).status).toBe(404);
    },
  },
  {
    level: 'MUST',
    says: 'tags have the form that the spec gives them',
    async run({ image }) {
      const bytes = encodeJson(await image.imageManifest());
      for (const tag of ['a', 'V1', 'v1.0_rc-1', '_x', `t${'x'.repeat(127)}`])
        expect((await image.put(tag, bytes, mediaTypes.manifest)).status).toBe(201);
      for (const tag of ['.v1', '-v1', 'v+1', 'v~1', `t${'x'.repeat(128)}`])
        expect((await image.put(tag, bytes, mediaTypes.manifest)).status).toBe(400);
      expect(
        (await image.put(`${digestOf(bytes)}?tag=good&tag=.bad`, bytes, mediaTypes.manifest)).status,
      ).toBe(400);
      expect((await image.get('manifests/good')).status).toBe(404);
      expect((await image.head('manifests/v1')).status).toBe(404);
    },
  },
  {
    level: 'MUST',
    says: 'names have the form that the spec gives them',
    async run({ image }) {
      for (const name of ['a', 'a-b', 'a__b', 'a.b', 'a--b', 'manifests', 'blobs', 'tags', 'deep/er/name'])
        expect((await image.send('POST', `/v2/${image.name}/${name}/blobs/uploads/`)).status).toBe(202);
      for (const name of ['Upper', 'a_-b', '-a', 'a-', 'a..b', 'a___b', 'ä']) {
        const answer = await image.send('POST', `/v2/${image.name}/${name}/blobs/uploads/`);
        expect([name, answer.status, ...answer.codes]).toEqual([name, 400, 'NAME_INVALID']);
      }
    },
  },
];

conformanceTable('push of manifests', [...taken, ...subjects, ...refused]);
