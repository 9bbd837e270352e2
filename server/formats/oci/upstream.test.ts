import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { RemoteRepo } from '../../modes/remote.ts';
import { RemoteLab, read } from '../../testing/remote-lab.ts';
import type { Page } from '../../core/page.ts';
import { failureOf } from '../../testing/failure-of.ts';
import { CONFIG, descriptorOf, LAYER, MANIFEST, NOWHERE } from '../../testing/oci.ts';
import { blobFile, manifestFile } from './files.ts';
import { type OciDigest, referenceOf } from './names.ts';
import { referrers } from './referrers.ts';
import { tagsList } from './tags-list.ts';
import { imageReferences, ociUpstream } from './upstream.ts';

const IMAGE = 'library/app';

let lab: RemoteLab;
let repo: RemoteRepo;
beforeAll(async () => {
  lab = await RemoteLab.open(ociUpstream);
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(async () => {
  ({ repo } = await lab.repository());
});

/** Puts an image at the upstream; answers its digest and the layer's. */
function push(seed: string, tag: string) {
  const [config, layer] = [`{"seed":"${seed}"}`, `layer of ${seed}`];
  const parts = { config: descriptorOf(CONFIG, config), layers: [descriptorOf(LAYER, layer)] };
  const document = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, ...parts });
  const { digest } = descriptorOf(MANIFEST, document);
  const headers = { 'content-type': MANIFEST, 'docker-content-digest': digest };
  for (const reference of [tag, digest])
    lab.upstream.put(`${IMAGE}/manifests/${reference}`, { body: document, headers });
  lab.upstream.put(`${IMAGE}/blobs/${parts.config.digest}`, { body: config });
  lab.upstream.put(`${IMAGE}/blobs/${descriptorOf(LAYER, layer).digest}`, { body: layer });
  return { document, digest, layer: descriptorOf(LAYER, layer).digest as OciDigest };
}
const manifest = (reference: string) => manifestFile(IMAGE, referenceOf(reference));

describe('an image of an upstream', () => {
  test('is fetched once, by tag, with its layers, and then read without asking', async () => {
    const { document, layer } = push('a', 'v1');

    expect(await read(repo, manifest('v1'))).toEqual([document, 'miss']);
    expect(await read(repo, blobFile(IMAGE, layer))).toEqual(['layer of a', 'miss']);
    expect(lab.upstream.take()).toEqual([`GET ${IMAGE}/manifests/v1`, `GET ${IMAGE}/blobs/${layer}`]);
    expect(await read(repo, manifest('v1'))).toEqual([document, 'hit']);
    expect(await read(repo, blobFile(IMAGE, layer))).toEqual(['layer of a', 'hit']);
    expect(lab.upstream.take()).toEqual([]);
  });
});

describe('what a user fetches beforehand', () => {
  test.each([
    ['library/app', 'library/app/manifests/latest'],
    ['library/app:1.27', 'library/app/manifests/1.27'],
    [`library/app@${NOWHERE}`, `library/app/manifests/${NOWHERE}`],
    [`library/app:1.27@${NOWHERE}`, `library/app/manifests/${NOWHERE}`],
  ])('%s is %s', (text, path) => {
    expect(imageReferences(text).map((file) => file.path)).toEqual([path]);
  });

  test.each(['', 'App:1', 'registry.example:5000/app:1', 'app:', 'app@sha256:1'])(
    '%j is refused as no image',
    (text) => {
      expect(() => imageReferences(text)).toThrow();
    },
  );
});

const bytes = (value: unknown) =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

const parsed = async (document: unknown, page: Page) => {
  const found = await tagsList.upstream?.parse(bytes(document), { of: IMAGE, page }, '');
  return { tags: found?.tags.map(({ tag }) => tag), more: found?.more };
};
const many = (count: number) => Array.from({ length: count }, (_, at) => `v${1_000 + at}`);

describe('a list of tags of an upstream', () => {
  test('is asked for a page at a time', () => {
    const page = { limit: 10, after: 'a b' };
    expect(tagsList.upstream?.target({ of: IMAGE, page }, {})).toEqual({
      target: `${IMAGE}/tags/list?n=10&last=a+b`,
    });
    expect(tagsList.upstream?.target({ of: '' }, {})).toBeUndefined();
  });

  test.each([
    ['what it says', { tags: ['b', 'a'] }, { limit: 10 }, { tags: ['b', 'a'], more: false }],
    ['none, as some write it', { tags: null }, { limit: 10 }, { tags: [], more: false }],
    ['no tag that is none', { tags: ['a', '../b', 1] }, { limit: 10 }, { tags: ['a'], more: false }],
    ['more where the page is full', { tags: ['a', 'b'] }, { limit: 2 }, { tags: ['a', 'b'], more: true }],
    ['more where a cap seems to be', { tags: many(100) }, { limit: 1_000 }, { tags: many(100), more: true }],
    [
      'a page of what is no page',
      { tags: ['a', 'b', 'c'] },
      { limit: 2, after: 'a' },
      { tags: ['b', 'c'], more: true },
    ],
  ])('has %s', async (_, document, page, expected) => {
    expect(await parsed(document, page)).toEqual(expected);
  });

  test.each(['<html>', '[]', '{}', '{"tags":"a"}'])('that is %s is none', async (text) => {
    expect(await failureOf(parsed(text, { limit: 1 }))).toMatchObject({ code: 'DATA_LOSS' });
  });
});

test('what refers to an image at an upstream is read as far as it is said well', async () => {
  const good = descriptorOf(MANIFEST, 'one', { artifactType: 'a/b', annotations: { x: 'y', z: 1 } });
  const manifests = [{ ...good, size: 'big' }, { ...good, digest: 'x' }, 'x', good];
  const of = `${IMAGE}@${good.digest}`;
  const found = await referrers.upstream?.parse(bytes({ manifests }), { of, page: { limit: 10 } }, '');
  expect(found?.referrers).toMatchObject([
    { version: good.digest, attributes: { artifactType: 'a/b', annotations: { x: 'y' } } },
  ]);
  expect(referrers.upstream?.target({ of }, {})?.target).toBe(`${IMAGE}/referrers/${good.digest}`);
});

/** The type of a manifest that the upstream sends with these headers. */
const send = async (headers: Readonly<Record<string, string>>) => {
  const { document } = push('typed', 'v1');
  lab.upstream.put(`${IMAGE}/manifests/v1`, { body: document, headers });
  return (await repo.file(manifest('v1'))).file.contentType;
};

describe('a manifest that an upstream sends', () => {
  test('has the type that it says, where the server says none', async () => {
    expect(await send({ 'content-type': 'application/json' })).toBe(MANIFEST);
  });
  test.each([
    ['another type', { 'content-type': 'text/html' }],
    ['another digest', { 'content-type': MANIFEST, 'docker-content-digest': NOWHERE }],
  ])('as %s is not taken', async (_, headers) => {
    expect(await failureOf(send(headers))).toMatchObject({ reason: 'UPSTREAM_BROKEN' });
  });
});
