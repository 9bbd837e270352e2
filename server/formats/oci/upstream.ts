import type { Digest } from '../../core/blob.ts';
import type { FileRef } from '../../core/catalog.ts';
import { RegistryError } from '../../core/error.ts';
import type { FetchedFile, FetchedVersion, FormatUpstream, ListedFileOrPath } from '../../core/format.ts';
import { type ManifestAttributes, toAttributes } from './attributes.ts';
import { companionLink } from './companions.ts';
import { blobFile, manifestFile } from './files.ts';
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from './media-types.ts';
import { checksumOf, digestBytes, imageName, isDigest, type OciDigest, referenceOf } from './names.ts';
import { childImage, type Manifest, parseManifest } from './parse-manifest.ts';
import { LARGEST_MANIFEST } from './put-manifest.ts';
import { HOUR } from './upstream-documents.ts';

/** Every type that a client may want: whoever asks for fewer is sent another document than the tag names. */
const ACCEPT = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST].join(', ');

/** Types by which a server says no more than that it sends a file. */
const UNTOLD = new Set(['application/json', 'application/octet-stream', 'text/plain']);

/** Images at registries elsewhere (spec.md, Pull), where paths are called as they are here. */
export const ociUpstream: FormatUpstream = {
  presets: { DOCKER_HUB: () => 'https://registry-1.docker.io' },
  wholeUpTo: LARGEST_MANIFEST,
  maxAge: HOUR,
  versionsAreDigests: true,
  announced: (headers) => {
    const digest = headers.get('docker-content-digest') ?? '';
    return /^sha256:[a-f0-9]{64}$/.test(digest) ? (digest as Digest) : undefined;
  },
  locate: ({ path, coordinates, tag }: FileRef): ListedFileOrPath => {
    const reference = path.slice(path.lastIndexOf('/') + 1);
    return {
      target: path,
      checksums: tag === undefined && isDigest(reference) ? [checksumOf(reference)] : [],
      ...(isBlob(path, coordinates?.package) ? {} : { headers: { accept: ACCEPT } }),
    };
  },
  adopt,
  prefetch: {
    references: imageReferences,
    version: (image, version) => manifestFile(image, referenceOf(version)),
  },
  probe: {
    target: '',
    // 401 is how a registry asks for a token (docs/spec/api.md of distribution, API Version Check).
    accepts: ({ status, headers }) =>
      (status === 200 || status === 401) &&
      (headers.get('docker-distribution-api-version')?.startsWith('registry/2') === true ||
        status === 401 ||
        isJson(headers)),
  },
};

const isBlob = (path: string, image: string | undefined): boolean => path.startsWith(`${image}/blobs/`);
const isJson = (headers: Headers): boolean => headers.get('content-type')?.includes('json') === true;

/** A manifest is a version that is made of blobs and manifests which may come later, or never. */
async function adopt(fetched: FetchedFile): Promise<FetchedVersion | undefined> {
  const { ref, headers } = fetched;
  const image = ref.coordinates?.package ?? '';
  if (isBlob(ref.path, image)) return undefined;
  const bytes = await fetched.read(LARGEST_MANIFEST);
  const digest = nameOf(ref, headers, bytes);
  const manifest = parsed(bytes, headers);
  const attributes: ManifestAttributes = {
    mediaType: manifest.mediaType,
    manifestSize: bytes.byteLength,
    ...(manifest.artifactType && { artifactType: manifest.artifactType }),
    ...(manifest.annotations && { annotations: manifest.annotations }),
    ...(manifest.children.length > 0 && { children: manifest.children.map(childImage) }),
  };
  const { children, subject } = manifest;
  const parts = new Map([...manifest.blobs, ...children].map((part) => [part.digest, part.size]));
  return {
    package: image,
    version: digest,
    attributes: toAttributes(attributes),
    size: [...parts.values()].reduce((sum, size) => sum + size, 0),
    file: { ...manifestFile(image, { kind: 'digest', digest }), contentType: manifest.mediaType },
    awaits: [
      ...new Set([...manifest.blobs, ...manifest.foreign].map((blob) => blobFile(image, blob.digest).path)),
    ],
    links: [
      ...[...new Set(children.map((child) => child.digest))].map(
        (target) => ({ kind: 'child', target }) as const,
      ),
      ...(subject ? [{ kind: 'subject', target: subject.digest } as const] : []),
      ...(ref.tag === undefined ? [] : companionLink(ref.tag)),
    ],
  };
}

/** What the manifest is called: by the digest it was asked for, else by the one that the registry gives it. */
function nameOf(ref: FileRef, headers: Headers, bytes: Uint8Array<ArrayBuffer>): OciDigest {
  const said = ref.coordinates?.version ?? headers.get('docker-content-digest') ?? '';
  const digest = digestBytes(bytes, said.startsWith('sha512:') ? 'sha512' : 'sha256');
  if (isDigest(said) && said !== digest)
    throw unusable(`the manifest is ${digest}, and ${said} was said or asked for`);
  return digest;
}

function parsed(bytes: Uint8Array<ArrayBuffer>, headers: Headers): Manifest {
  const type = headers.get('content-type');
  try {
    return parseManifest(bytes, type !== null && UNTOLD.has(type.split(';')[0]?.trim() ?? '') ? null : type);
  } catch (error) {
    throw unusable(error instanceof Error ? error.message : 'the manifest is not valid', error);
  }
}

const unusable = (why: string, cause?: unknown): RegistryError =>
  new RegistryError('DATA_LOSS', 'MANIFEST_INVALID', why, { cause });

/** The image that a user means, as Docker reads it. */
export function imageReferences(text: string): readonly FileRef[] {
  const at = text.indexOf('@');
  const colon = text.lastIndexOf(':');
  const [image, reference] =
    at > 0
      ? [text.slice(0, at).replace(/:[^:/]*$/, ''), text.slice(at + 1)]
      : colon > text.lastIndexOf('/')
        ? [text.slice(0, colon), text.slice(colon + 1)]
        : [text, 'latest'];
  return [manifestFile(imageName(image), referenceOf(reference))];
}
