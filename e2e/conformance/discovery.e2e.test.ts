import { expect } from 'bun:test';
import { type Descriptor, digestOf, encodeJson, type Manifest, mediaTypes } from '../harness/oci.ts';
import { conformanceTable, type Row } from './table.ts';
import { ABSENT, type Answer, jsonOf, nextOf, utf8, type Wire } from './wire.ts';

const BOM = 'application/vnd.example.bom.v1';
const SIGNATURE = 'application/vnd.example.signature.v1';

interface TagList {
  readonly name: string;
  readonly tags: readonly string[];
}

async function tagsOf(image: Wire, query = ''): Promise<TagList> {
  const answer = await image.get(`tags/list${query}`);
  expect(answer.status).toBe(200);
  return jsonOf(answer) as TagList;
}

async function pushTags(image: Wire, tags: readonly string[]): Promise<void> {
  const bytes = encodeJson(await image.imageManifest());
  for (const tag of tags) expect((await image.put(tag, bytes, mediaTypes.manifest)).status).toBe(201);
}

/** Every page from the first, following Link. Fails when the pages do not end. */
async function pages(image: Wire, first: string): Promise<readonly Answer[]> {
  const found: Answer[] = [];
  for (let path: string | undefined = first; path !== undefined; path = nextOf(found.at(-1) as Answer)) {
    const answer = await image.get(path);
    expect(answer.status).toBe(200);
    found.push(answer);
    if (found.length > 200) throw new Error('the pages do not end');
  }
  return found;
}

const tags: readonly Row[] = [
  {
    level: 'MUST',
    says: 'tags are listed in order, under the name they were asked by',
    async run({ image }) {
      await pushTags(image, ['b', 'a', 'v10', 'v1', 'v9', '0']);
      expect(await tagsOf(image)).toMatchObject({
        name: image.name,
        tags: ['0', 'a', 'b', 'v1', 'v10', 'v9'],
      });
    },
  },
  {
    level: 'MUST',
    says: 'n gives that many, the first ones, and says that there are more',
    async run({ image }) {
      await pushTags(image, ['a', 'b', 'c', 'd', 'e']);
      const answer = await image.get('tags/list?n=2');
      expect((jsonOf(answer) as TagList).tags).toEqual(['a', 'b']);
      expect(nextOf(answer)).toBeDefined();
      for (const n of [5, 6, 1000]) {
        const all = await image.get(`tags/list?n=${n}`);
        expect((jsonOf(all) as TagList).tags).toEqual(['a', 'b', 'c', 'd', 'e']);
        expect(nextOf(all)).toBeUndefined();
      }
    },
  },
  {
    level: 'MUST',
    says: 'n=0 is an empty list without Link',
    async run({ image }) {
      await pushTags(image, ['a', 'b']);
      const answer = await image.get('tags/list?n=0');
      expect((jsonOf(answer) as TagList).tags).toEqual([]);
      expect(answer.headers.get('link')).toBeNull();
    },
  },
  {
    level: 'MUST',
    says: 'last gives what comes after it, with or without n, and need not be a tag',
    async run({ image }) {
      await pushTags(image, ['a', 'c', 'e', 'g']);
      expect((await tagsOf(image, '?last=c')).tags).toEqual(['e', 'g']);
      expect((await tagsOf(image, '?n=1&last=c')).tags).toEqual(['e']);
      expect((await tagsOf(image, '?last=d')).tags).toEqual(['e', 'g']);
      expect((await tagsOf(image, '?last=g')).tags).toEqual([]);
    },
  },
  {
    level: 'MUST',
    says: 'Link leads through every tag once, upper and lower case and all',
    async run({ image }) {
      const all = ['A', 'a', 'B', 'b', '_', '_a', 'Z', 'z', '1', '10', '2', 'a-b', 'a.b', 'a_b', 'v1', 'V1'];
      await pushTags(image, all);
      const whole = (await tagsOf(image)).tags;
      expect(new Set(whole)).toEqual(new Set(all));
      for (const n of [1, 3, 5]) {
        const found = await pages(image, `tags/list?n=${n}`);
        expect(found.flatMap((answer) => (jsonOf(answer) as TagList).tags)).toEqual([...whole]);
      }
    },
  },
  {
    level: 'MUST',
    says: 'an image whose tags are gone has an empty list, and one that never was is 404',
    async run({ image, other }) {
      await pushTags(image, ['only']);
      expect((await image.delete('manifests/only')).status).toBe(202);
      expect((await tagsOf(image)).tags).toEqual([]);
      const answer = await other.get('tags/list');
      expect([answer.status, ...answer.codes]).toEqual([404, 'NAME_UNKNOWN']);
    },
  },
  {
    level: 'ours',
    says: 'an n that is no count is refused',
    async run({ image }) {
      await pushTags(image, ['a']);
      for (const n of ['-1', 'many', '1.5']) expect((await image.get(`tags/list?n=${n}`)).status).toBe(400);
    },
  },
  {
    level: 'ours',
    says: 'the catalog lists images page by page, to callers with credentials only',
    async run({ image, other }) {
      await image.pushImage('v1');
      await other.pushImage('v1');
      const found = await pages(image, '/v2/_catalog?n=1');
      const names = found.flatMap(
        (answer) => (jsonOf(answer) as { readonly repositories: readonly string[] }).repositories,
      );
      expect(names).toEqual(expect.arrayContaining([image.name, other.name]));
      expect(names).toEqual([...new Set(names)].sort());
      expect((await image.send('GET', '/v2/_catalog', { anonymous: true })).status).toBe(401);
    },
  },
];

async function referrers(image: Wire, digest: string, query = ''): Promise<readonly Descriptor[]> {
  const answer = await image.get(`referrers/${digest}${query}`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe(mediaTypes.index);
  const index = jsonOf(answer) as Manifest;
  expect([index.schemaVersion, index.mediaType]).toEqual([2, mediaTypes.index]);
  return index.manifests ?? [];
}

const byDigest = (one: Descriptor, two: Descriptor): number => one.digest.localeCompare(two.digest);

const subjects: readonly Row[] = [
  {
    level: 'MUST',
    says: 'nothing that refers is an empty index, never 404',
    async run({ image, other }) {
      const { digest } = await image.pushImage();
      expect(await referrers(image, digest)).toEqual([]);
      expect(await referrers(image, ABSENT)).toEqual([]);
      expect(await referrers(other, ABSENT)).toEqual([]);
    },
  },
  {
    level: 'MUST',
    says: 'a digest that is no digest is 400',
    async run({ image }) {
      await image.pushImage();
      for (const digest of ['sha256:short', 'latest', 'sha256'])
        expect((await image.get(`referrers/${digest}`)).status).toBe(400);
    },
  },
  {
    level: 'MUST',
    says: 'every manifest with the subject is described, with type, size, artifact type and annotations',
    async run({ image }) {
      const subject = await image.pushImage('v1');
      const annotations = { 'org.example.note': 'hello', 'org.example.other': 'ünïcode' };
      const config = await image.pushBlob(utf8('{}'), mediaTypes.empty);
      const artifact = await image.pushImage('bom', {
        subject,
        artifactType: BOM,
        annotations,
        config,
        layers: [config],
      });
      const plain = await image.pushImage(undefined, { subject });
      const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [], subject };
      const bare = await image.pushManifest(index, mediaTypes.index);
      const typed = await image.pushManifest(
        { ...index, artifactType: SIGNATURE, annotations },
        mediaTypes.index,
      );
      const found = await referrers(image, subject.digest);
      const expected: readonly Descriptor[] = [
        { ...artifact, artifactType: BOM, annotations },
        { ...plain, artifactType: mediaTypes.config },
        bare,
        { ...typed, artifactType: SIGNATURE, annotations },
      ];
      expect([...found].sort(byDigest)).toEqual([...expected].sort(byDigest));
    },
  },
  {
    level: 'SHOULD',
    says: 'artifactType filters, and the answer says that it did',
    async run({ image }) {
      const subject = await image.pushImage();
      const bom = await image.pushImage(undefined, { subject, artifactType: BOM });
      await image.pushImage(undefined, { subject, artifactType: SIGNATURE });
      const byConfig = await image.pushImage(undefined, { subject });
      const ask = (type: string): Promise<Answer> =>
        image.get(`referrers/${subject.digest}?artifactType=${encodeURIComponent(type)}`);
      for (const [type, digests] of [
        [BOM, [bom.digest]],
        [mediaTypes.config, [byConfig.digest]],
        ['application/none', []],
      ] as const) {
        const answer = await ask(type);
        expect(answer.headers.get('oci-filters-applied')).toBe('artifactType');
        expect(((jsonOf(answer) as Manifest).manifests ?? []).map(({ digest }) => digest)).toEqual([
          ...digests,
        ]);
      }
      const unfiltered = await image.get(`referrers/${subject.digest}`);
      expect(unfiltered.headers.get('oci-filters-applied')).toBeNull();
    },
  },
  {
    level: 'MUST',
    says: 'a list too large for one manifest is divided by Link, filtered or not',
    async run({ image }) {
      const subject = await image.pushImage();
      const config = await image.pushBlob(utf8('{}'), mediaTypes.empty);
      const pushed = new Set<string>();
      for (let serial = 0; serial < 12; serial += 1) {
        const annotations = { filler: String(serial).padEnd(600_000, 'x') };
        const artifact = { subject, artifactType: BOM, annotations, config, layers: [config] };
        pushed.add((await image.pushImage(undefined, artifact)).digest);
      }
      for (const query of ['', `?artifactType=${encodeURIComponent(BOM)}`]) {
        const found = await pages(image, `referrers/${subject.digest}${query}`);
        for (const { bytes } of found) expect(bytes.byteLength).toBeLessThanOrEqual(4 * 1024 * 1024);
        const digests = found
          .flatMap((answer) => (jsonOf(answer) as Manifest).manifests ?? [])
          .map(({ digest }) => digest);
        expect(digests).toHaveLength(pushed.size);
        expect(new Set<string>(digests)).toEqual(pushed);
      }
    },
  },
  {
    level: 'MUST',
    says: 'what referred before its subject came is listed, and the subject may be addressed by sha512',
    async run({ image }) {
      const bytes = encodeJson(await image.imageManifest());
      for (const digest of [digestOf(bytes), digestOf(bytes, 'sha512')]) {
        const subject = { mediaType: mediaTypes.manifest, digest, size: bytes.byteLength };
        const early = await image.pushImage(undefined, { subject });
        expect((await image.put(digest, bytes, mediaTypes.manifest)).status).toBe(201);
        expect((await referrers(image, digest)).map((descriptor) => descriptor.digest)).toContain(
          early.digest,
        );
      }
    },
  },
  {
    level: 'MUST',
    says: 'referrers of another repository are not listed',
    async run({ image, other }) {
      const subject = await image.pushImage();
      await other.pushImage(undefined, { subject });
      expect(await referrers(image, subject.digest)).toEqual([]);
      expect(await referrers(other, subject.digest)).toHaveLength(1);
    },
  },
  {
    level: 'MUST',
    says: 'a referrer that is deleted is no longer listed',
    async run({ image }) {
      const subject = await image.pushImage();
      const kept = await image.pushImage(undefined, { subject });
      const gone = await image.pushImage(undefined, { subject });
      expect((await image.delete(`manifests/${gone.digest}`)).status).toBe(202);
      expect((await referrers(image, subject.digest)).map(({ digest }) => digest)).toEqual([kept.digest]);
    },
  },
];

conformanceTable('content discovery', [...tags, ...subjects]);
