import { HELD_BYTES } from '../../core/downloads.ts';
import {
  CONFIG,
  digestOf,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  EMPTY,
  ImageClient,
  INDEX,
  LAYER,
  MANIFEST,
  NOWHERE,
} from '../oci.ts';
import type { Circumstances } from './meant.ts';
import type { Read, Sample } from './sample.ts';

const IMAGE = 'team/app';
const SBOM = 'application/vnd.example.sbom';

function isListOfACopy({ situation, read }: Circumstances): boolean {
  return situation !== 'own' && /tags\/list/.test(read.path);
}

const accepts = (...accept: string[]) => ({ headers: { accept: accept.join(', ') } });

/** An image of two platforms with a signature and an SBOM, an older tag, and one in Docker's own media types. */
export const ociSample: Sample = {
  meant: [
    {
      why: 'upstreams list tags; what these name, and what is below an image (gar.md 4), no specification lets them say',
      when: isListOfACopy,
      fields: ['body'],
      same: (text) => text.replace(/"child":.*/s, ''),
    },
    {
      why: 'and so lists are shorter, and not worth compressing',
      when: isListOfACopy,
      fields: ['content-length', 'content-encoding', 'etag'],
    },
    {
      why: 'a page of an upstream is full: only its next one says whether there is more',
      when: (at) => isListOfACopy(at) && at.read.path.includes('n='),
      fields: ['link'],
    },
    {
      why: 'of what refers to an image a copy knows, as of a time, what had been copied by then',
      when: ({ situation, read }) => situation === 'past copy' && read.path.includes('/referrers/'),
      fields: ['body', 'link'],
    },
  ],
  async publish(server, repository) {
    const at = `us-central1-docker/my-project/${repository}`;
    const image = new ImageClient(server, `${at}/${IMAGE}`);
    const platforms = [];
    for (const architecture of ['amd64', 'arm64']) {
      const document = await image.document(architecture);
      const pushed = await image.push(digestOf(document), document);
      platforms.push({ ...pushed, platform: { os: 'linux', architecture } });
    }
    const index = await image.push(
      'v2',
      JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: platforms }),
      INDEX,
    );
    const old = await image.image('v1');
    const layer = await image.blob('layer of v1');
    const large = await image.blob('large '.repeat(HELD_BYTES / 3));
    const empty = await image.blob('{}', EMPTY);
    for (const artifactType of [SBOM, 'application/vnd.example.signature']) {
      const referrer = JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        artifactType,
        config: empty,
        layers: [await image.blob(artifactType)],
        subject: index,
        annotations: { 'org.example.of': artifactType },
      });
      await image.push(digestOf(referrer), referrer);
    }
    const docker = new ImageClient(server, `${at}/legacy`);
    const legacy = await docker.push(
      'latest',
      JSON.stringify({
        schemaVersion: 2,
        mediaType: DOCKER_MANIFEST,
        config: { ...(await docker.blob('{"a":1}', CONFIG)), mediaType: CONFIG },
        layers: [await docker.blob('legacy layer', LAYER)],
      }),
      DOCKER_MANIFEST,
    );

    const all = accepts(INDEX, MANIFEST, DOCKER_LIST, DOCKER_MANIFEST);
    const of = (path: string, more: Partial<Read> = {}): Read => ({ path: `${IMAGE}/${path}`, ...more });
    return [
      of('manifests/v2', all),
      of('manifests/v2', accepts(MANIFEST)),
      of(`manifests/${index.digest}`, all),
      of(`manifests/${platforms[1]?.digest}`, all),
      of('manifests/v1'),
      of(`manifests/${old.digest}`, accepts('application/json')),
      { path: 'legacy/manifests/latest', ...all },
      { path: `legacy/manifests/${legacy.digest}` },
      of(`blobs/${layer.digest}`),
      of(`blobs/${large.digest}`),
      of('tags/list'),
      of('tags/list?n=1'),
      of('tags/list?n=1&last=v1'),
      of('tags/list?n=wrong'),
      of(`referrers/${index.digest}`, accepts(INDEX)),
      of(`referrers/${index.digest}?artifactType=${encodeURIComponent(SBOM)}`),
      of(`referrers/${index.digest}?n=1`),
      of(`referrers/${old.digest}`),
      of(`referrers/${NOWHERE}`),
      of('_oci/ext/discover'),
      of('manifests/v3', all),
      of('manifests/-not-a-tag'),
      of(`manifests/${NOWHERE}`),
      of('manifests/sha256:short'),
      of(`blobs/${NOWHERE}`),
      of('blobs/sha256:short'),
      { path: 'nothing/manifests/v1' },
      { path: 'nothing/tags/list' },
      { path: `nothing/blobs/${NOWHERE}` },
      { path: 'Upper/tags/list' },
      { path: 'tags/list' },
      { path: 'nothing/here' },
    ];
  },
};
