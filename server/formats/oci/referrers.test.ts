import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { TestServer } from '../../testing/harness.ts';
import {
  CONFIG,
  type Descriptor,
  descriptorOf,
  EMPTY,
  freshImage,
  type ImageClient,
  INDEX,
  MANIFEST,
  NOWHERE,
  refusal,
} from '../../testing/oci.ts';

let server: TestServer;
let image: ImageClient;
let subject: Descriptor;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  image = freshImage(server);
  subject = await image.image('subject', image.name);
});

interface Referrers {
  readonly schemaVersion: number;
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
}
const ask = (digest: string, query = '') => image.send('GET', `referrers/${digest}${query}`);
const referrersOf = async (digest: string, query = '') =>
  ((await (await ask(digest, query)).json()) as Referrers).manifests;

const SBOM = 'application/spdx+json';
const SIGNATURE = 'application/vnd.example.signature';
let pushed = 0;
/** Pushes an artifact about the subject; its digest is its only name. */
async function refer(
  artifactType: string | undefined,
  more: object = {},
  about: Descriptor = subject,
): Promise<Descriptor> {
  pushed += 1;
  const config = descriptorOf(EMPTY, '{}');
  const layer = await image.blob(`artifact ${pushed}`);
  const document = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    ...(artifactType && { artifactType }),
    config,
    layers: [layer],
    subject: about,
    ...more,
  });
  const descriptor = descriptorOf(MANIFEST, document);
  return image.push(descriptor.digest, document);
}
const byDigest = (a: { digest: string }, b: { digest: string }) => (a.digest < b.digest ? -1 : 1);

describe('what refers to a manifest', () => {
  test('is an index of descriptors with type and annotations', async () => {
    const annotations = { 'org.opencontainers.image.created': '2026-01-01T00:00:00Z' };
    const sbom = await refer(SBOM, { annotations });
    const signature = await refer(SIGNATURE);

    const answer = await ask(subject.digest);

    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe(INDEX);
    expect(answer.headers.get('oci-filters-applied')).toBeNull();
    expect(answer.headers.get('link')).toBeNull();
    expect(await answer.json()).toEqual({
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: [
        { ...sbom, artifactType: SBOM, annotations },
        { ...signature, artifactType: SIGNATURE },
      ].sort(byDigest),
    });
  });

  test('is of its config’s type when it says none, and an index of none', async () => {
    const config = await image.blob('{"x":1}', CONFIG);
    const plain = await refer(undefined, { config });
    const list = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [], subject });
    const index = await image.push(descriptorOf(INDEX, list).digest, list, INDEX);

    const manifests = await referrersOf(subject.digest);

    expect(manifests).toEqual([{ ...plain, artifactType: CONFIG }, index].sort(byDigest));
  });

  test('may come before its subject', async () => {
    const later = await image.document('later');
    const signature = await refer(SIGNATURE, {}, descriptorOf(MANIFEST, later));

    const before = await referrersOf(descriptorOf(MANIFEST, later).digest);
    await image.push('later', later);
    const after = await referrersOf(descriptorOf(MANIFEST, later).digest);

    expect(before).toEqual([{ ...signature, artifactType: SIGNATURE }]);
    expect(after).toEqual(before);
  });

  test('stays when its subject is deleted, and goes when it is', async () => {
    const signature = await refer(SIGNATURE);
    await image.send('DELETE', `manifests/${subject.digest}`);
    expect(await referrersOf(subject.digest)).toHaveLength(1);

    await image.send('DELETE', `manifests/${signature.digest}`);

    expect(await referrersOf(subject.digest)).toEqual([]);
  });

  test('is an empty index for what nobody refers to, there or not', async () => {
    for (const digest of [subject.digest, NOWHERE, `sha512:${'0'.repeat(128)}`]) {
      const answer = await ask(digest);
      expect([answer.status, await answer.json()]).toEqual([
        200,
        { schemaVersion: 2, mediaType: INDEX, manifests: [] },
      ]);
    }
  });

  test('is an empty index in an image nobody pushed', async () => {
    const answer = await freshImage(server).send('GET', `referrers/${NOWHERE}`);

    expect([answer.status, await answer.json()]).toEqual([
      200,
      { schemaVersion: 2, mediaType: INDEX, manifests: [] },
    ]);
  });

  test('is of this image alone', async () => {
    await refer(SIGNATURE);

    const answer = await freshImage(server).send('GET', `referrers/${subject.digest}`);

    expect(((await answer.json()) as Referrers).manifests).toEqual([]);
  });

  test('answers HEAD with the length', async () => {
    await refer(SIGNATURE);

    const [get, head] = [await ask(subject.digest), await image.send('HEAD', `referrers/${subject.digest}`)];

    expect(head.headers.get('content-length')).toBe(String((await get.text()).length));
    expect(head.headers.get('content-type')).toBe(INDEX);
  });
});

describe('a filter by artifact type', () => {
  test('leaves out the others, and says that it did', async () => {
    const sbom = await refer(SBOM);
    await refer(SIGNATURE);

    const answer = await ask(subject.digest, `?artifactType=${encodeURIComponent(SBOM)}`);

    expect(answer.headers.get('oci-filters-applied')).toBe('artifactType');
    expect(((await answer.json()) as Referrers).manifests).toEqual([{ ...sbom, artifactType: SBOM }]);
  });

  test('may leave out all', async () => {
    await refer(SBOM);

    expect(await referrersOf(subject.digest, '?artifactType=nothing')).toEqual([]);
  });

  test('that is empty is none', async () => {
    await refer(SBOM);

    const answer = await ask(subject.digest, '?artifactType=');

    expect(answer.headers.get('oci-filters-applied')).toBeNull();
    expect(((await answer.json()) as Referrers).manifests).toHaveLength(1);
  });
});

async function pages(query: string): Promise<readonly (readonly string[])[]> {
  const found: (readonly string[])[] = [];
  for (
    let path: string | undefined = `/v2/${image.name}/referrers/${subject.digest}${query}`;
    path !== undefined;
  ) {
    const answer = await server.send('GET', path);
    found.push(((await answer.json()) as Referrers).manifests.map(({ digest }) => digest));
    path = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
    if (found.length > 20) throw new Error('the pages have no end');
  }
  return found;
}

describe('many referrers', () => {
  test.each([1, 2, 4, 5, 6])('come complete in pages of %i, with and without a filter', async (n) => {
    const sboms: string[] = [];
    const all: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      const { digest } = await refer(SBOM);
      sboms.push(digest);
      all.push(digest, (await refer(SIGNATURE)).digest);
    }

    const unfiltered = await pages(`?n=${n}`);
    const filtered = await pages(`?n=${n}&artifactType=${encodeURIComponent(SBOM)}`);

    expect(unfiltered.flat()).toEqual(all.sort());
    expect(filtered.flat()).toEqual(sboms.sort());
    expect(filtered.every((page) => page.length <= n)).toBe(true);
  });
});

describe('a question about referrers is refused', () => {
  test.each([
    ['a digest that is none', 'sha256:00', '', 'DIGEST_INVALID'],
    ['a tag', 'subject', '', 'DIGEST_INVALID'],
    ['a page size that is none', NOWHERE, '?n=x', 'PAGINATION_NUMBER_INVALID'],
  ] as const)('with %s', async (_, digest, query, code) => {
    await refusal(await ask(digest, query), 400, code);
  });
});
