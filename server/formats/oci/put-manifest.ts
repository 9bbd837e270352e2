import type { NewFile, StoredFile, VersionLink } from '../../core/catalog.ts';
import { invalid, isNotFound, RegistryError } from '../../core/error.ts';
import { type Command, param } from '../../core/format.ts';
import { readWhole } from '../../lib/read-whole.ts';
import { type ManifestAttributes, toAttributes } from './attributes.ts';
import { buildTimeOf } from './build-time.ts';
import { companionLink } from './companions.ts';
import { blobFile, manifestFile } from './files.ts';
import { EMPTY_DIGEST } from './media-types.ts';
import { digestBytes, imageName, type OciDigest, referenceOf, tagName } from './names.ts';
import { childImage, type Descriptor, type Manifest, parseManifest } from './parse-manifest.ts';
import { policyRefusal } from './refusals.ts';

/** Manifests of at least 4 MB must be taken (spec.md, Pushing Manifests). */
export const LARGEST_MANIFEST = 4 * 1024 * 1024;
const MOST_TAGS = 100;

/** PUT /v2/<name>/manifests/<reference>: bytes are kept exactly as they came, in one transaction with all they name. */
export async function putManifest(command: Command): Promise<Response> {
  const { params, query, headers, repo, basePath } = command;
  const image = imageName(param(params, 'image'));
  const reference = referenceOf(param(params, 'reference'));
  const bytes = await readManifest(command);

  const digest = digestBytes(
    bytes,
    reference.kind === 'digest' && reference.digest.startsWith('sha512:') ? 'sha512' : 'sha256',
  );
  if (reference.kind === 'digest' && reference.digest !== digest)
    throw invalid('DIGEST_INVALID', `the manifest is ${digest}, not ${reference.digest}`, { digest });
  const manifest = parseManifest(bytes, headers.get('content-type'));
  const extraTags = query.getAll('tag').map(tagName);
  if (extraTags.length > MOST_TAGS) throw invalid('TAG_INVALID', `more than ${MOST_TAGS} tags in one push`);
  const tags = reference.kind === 'tag' ? [reference.tag, ...extraTags] : extraTags;

  await requireRights(command, image, { digest, tags, manifest });
  const contents = await contentsOf(command, image, manifest);
  const blob = await repo.store(new Blob([bytes]).stream());
  const file: NewFile = {
    ...manifestFile(image, { kind: 'digest', digest }),
    contentType: manifest.mediaType,
    blob,
  };
  const buildTime = await buildTimeOf(repo, contents.config);
  const attributes: ManifestAttributes = {
    mediaType: manifest.mediaType,
    manifestSize: bytes.byteLength,
    ...(manifest.artifactType && { artifactType: manifest.artifactType }),
    ...(buildTime && { buildTime }),
    ...(manifest.annotations && { annotations: manifest.annotations }),
    ...(manifest.children.length > 0 && { children: manifest.children.map(childImage) }),
  };
  await repo
    .publish({
      package: image,
      version: digest,
      attributes: toAttributes(attributes),
      size: contents.size,
      files: [file],
      uses: contents.uses,
      links: [...contents.links, ...tags.flatMap(companionLink)],
      tags,
      onConflict: 'keep',
    })
    .catch((error: unknown) => {
      if (isNotFound(error)) throw missing('something it needs was deleted meanwhile; push again', digest);
      throw policyRefusal(error);
    });

  const answer = new Headers({
    location: `${basePath}/${image}/manifests/${digest}`,
    'docker-content-digest': digest,
    'content-length': '0',
  });
  if (manifest.subject) answer.set('oci-subject', manifest.subject.digest);
  for (const tag of extraTags) answer.append('oci-tag', tag);
  for (const text of contents.warnings) answer.append('warning', `299 - "${text}"`);
  return new Response(null, { status: 201, headers: answer });
}

interface Named {
  readonly digest: OciDigest;
  readonly tags: readonly string[];
  readonly manifest: Manifest;
}

/**
 * The path was allowed; here is what only the body tells. Knowing a digest is no right to what it names, so children
 * and subject must be the caller's to read, whether or not they are there.
 */
async function requireRights({ rights }: Command, image: string, named: Named): Promise<void> {
  const own = { package: image, version: named.digest };
  for (const within of named.tags.length > 0 ? named.tags.map((tag) => ({ ...own, tag })) : [own])
    await rights.require('artifactregistry.repositories.uploadArtifacts', within);
  const { children, subject } = named.manifest;
  for (const { digest } of subject ? [...children, subject] : children)
    await rights.require('artifactregistry.repositories.downloadArtifacts', {
      package: image,
      version: digest,
    });
}

async function readManifest({ body, headers }: Command): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readWhole(body, LARGEST_MANIFEST, 'the manifest');
  const declared = headers.get('content-length');
  if (declared !== null && Number(declared) !== bytes.byteLength)
    throw invalid(
      'SIZE_INVALID',
      `the body has ${bytes.byteLength} bytes, the Content-Length says ${declared}`,
    );
  return bytes;
}

interface Contents {
  readonly size: number;
  readonly uses: readonly string[];
  readonly links: readonly VersionLink[];
  readonly config?: StoredFile;
  readonly warnings: readonly string[];
}

/** Checks that everything the manifest names is in the image, with the size it says. */
async function contentsOf(command: Command, image: string, manifest: Manifest): Promise<Contents> {
  const { repo } = command;
  const uses = new Set<string>();
  const sizes = new Map<OciDigest, number>();
  let config: StoredFile | undefined;
  for (const descriptor of manifest.blobs) {
    const stored = await blobOf(command, image, descriptor);
    checkSize(descriptor, stored.blob.size);
    uses.add(stored.path);
    sizes.set(descriptor.digest, stored.blob.size);
    if (descriptor === manifest.config) config = stored;
  }
  for (const { digest } of manifest.foreign) {
    const stored = await repo.file(blobFile(image, digest));
    if (stored) uses.add(stored.path);
  }
  for (const child of manifest.children) {
    const stored = await repo.file(manifestFile(image, { kind: 'digest', digest: child.digest }));
    const version = stored && (await repo.version(image, child.digest));
    if (!version) throw missing(`manifest ${child.digest} is not in ${image}; push it first`, child.digest);
    checkSize(child, stored.blob.size);
    sizes.set(child.digest, version.size);
  }
  const subject = manifest.subject;
  const knownSubject = subject && (await repo.version(image, subject.digest));
  const warnings = subject && !knownSubject ? [`subject ${subject.digest} is not in ${image} yet`] : [];
  const children = new Set(manifest.children.map(({ digest }) => digest));
  return {
    size: [...sizes.values()].reduce((sum, size) => sum + size, 0),
    uses: [...uses],
    links: [
      ...[...children].map((target) => ({ kind: 'child', target }) as const),
      ...(subject ? [{ kind: 'subject', target: subject.digest } as const] : []),
    ],
    ...(config && { config }),
    warnings,
  };
}

async function blobOf({ repo }: Command, image: string, { digest }: Descriptor): Promise<StoredFile> {
  const ref = blobFile(image, digest);
  const stored = await repo.file(ref);
  if (stored) return stored;
  if (digest !== EMPTY_DIGEST) throw missing(`blob ${digest} is not in ${image}; upload it first`, digest);
  // Everyone knows these two bytes, and some clients do not send them; whoever pulls will ask for them.
  await repo.link({ ...ref, blob: await repo.store(new Blob(['{}']).stream()) });
  // Read again: where the bytes were known already, what was just stored is not what the name stands for.
  const linked = await repo.file(ref);
  if (linked) return linked;
  throw missing(`blob ${digest} was deleted meanwhile; push again`, digest);
}

function checkSize({ digest, size }: Descriptor, stored: number): void {
  if (size !== stored)
    throw invalid('MANIFEST_INVALID', `the manifest says ${digest} has ${size} bytes; it has ${stored}`, {
      digest,
    });
}

const missing = (why: string, digest: string) =>
  new RegistryError('NOT_FOUND', 'MANIFEST_BLOB_UNKNOWN', why, { details: { digest } });
