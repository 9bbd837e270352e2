import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { RemoteRepo } from '../../modes/remote.ts';
import { RemoteLab, read } from '../../testing/remote-lab.ts';
import { CONFIG, descriptorOf, LAYER, MANIFEST } from '../../testing/oci.ts';
import { blobFile, manifestFile } from './files.ts';
import { type OciDigest, referenceOf } from './names.ts';
import { ociUpstream } from './upstream.ts';

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
