import type { BlobInfo, ByteStream, CommittedBlob, WriteOptions } from '../../core/blob.ts';
import type { Attributes, HostedRepo, NewFile } from '../../core/catalog.ts';
import { invalid, RegistryError } from '../../core/error.ts';
import type { Command } from '../../core/format.ts';
import { attestationsPath, storeProvenance } from './attestations.ts';
import {
  type Dist,
  type Manifest,
  type NpmAttributes,
  type PackageAttributes,
  toAttributes,
} from './attributes.ts';
import { checkedManifest } from './checked-manifest.ts';
import { newPackageName, tarballPath } from './names.ts';
import type { SentPackage } from './read-publish.ts';
import type { SentChange } from './sent-change.ts';
import { lookInto, type TarballContents } from './tarball.ts';
import { withoutBuild } from './versions.ts';

/** What there is of a tarball once it was read. */
export interface StoredTarball {
  readonly blob: CommittedBlob;
  readonly contents: TarballContents;
}

type Sent = Extract<SentChange, { kind: 'publish' }>;

/** A version that was sent and looked into: all that is needed to publish it, now or later. */
export interface Publication {
  readonly package: string;
  readonly version: string;
  readonly tags: readonly string[];
  readonly attributes: NpmAttributes;
  /** What the package says of itself once this is its latest version, and what it is found by then. */
  readonly about: PackageAttributes;
  readonly searchText: string;
  readonly tarball: BlobInfo | CommittedBlob;
  readonly attestations?: BlobInfo | CommittedBlob;
}

/** Takes the tarball of a publication in as it arrives, and looks into it. */
export async function storeTarball(
  repo: HostedRepo,
  tarball: ByteStream,
  options: WriteOptions,
): Promise<StoredTarball> {
  const { stream, contents } = lookInto(tarball);
  const blob = await repo.store(stream, { ...options, algorithms: ['sha1', 'sha512'] });
  return { blob, contents: await contents };
}

/** Holds a version that was sent with its tarball to what it says, and to the caller's rights. */
export async function checkedPublication(
  { repo, rights }: Pick<Command, 'repo' | 'rights'>,
  pkg: string,
  sent: SentPackage<StoredTarball>,
  { version, manifest, tags }: Sent,
): Promise<Publication> {
  newPackageName(pkg);
  const { stored } = sent;
  if (!stored) throw invalid('BODY_INVALID', 'the publication has no tarball');
  await requirePublishing(rights, { package: pkg, version, tags });
  if (withoutBuild(version) !== version)
    throw invalid(
      'VERSION_INVALID',
      `clients do not tell versions apart by what is behind a +: publish ${withoutBuild(version)}`,
      { version },
    );
  const dist = distOf(stored.blob);
  checkIntegrity(manifest['dist'], dist);
  const { fileCount, unpackedSize } = stored.contents;
  const { kept, about } = partsOf(checkedManifest(manifest, stored.contents), sent.document.head);
  const provenance =
    sent.provenance === undefined ? undefined : await storeProvenance(repo, sent.provenance, stored.blob);
  return {
    package: pkg,
    version,
    tags,
    attributes: {
      manifest: kept,
      dist: { ...dist, fileCount, unpackedSize },
      ...(provenance && { provenance: provenance.predicateType }),
    },
    about,
    searchText: searchTextOf(kept),
    tarball: stored.blob,
    ...(provenance && { attestations: provenance.blob }),
  };
}

export async function requirePublishing(
  rights: Command['rights'],
  { package: pkg, version, tags }: Pick<Publication, 'package' | 'version' | 'tags'>,
): Promise<void> {
  for (const tag of tags.length > 0 ? tags : [undefined])
    await rights.require('artifactregistry.repositories.uploadArtifacts', {
      package: pkg,
      version,
      ...(tag !== undefined && { tag }),
    });
}

/** Publishes in one transaction with the tags. */
export async function publishVersion(repo: HostedRepo, publication: Publication): Promise<void> {
  const { package: pkg, version, tags, attributes, about, searchText, tarball, attestations } = publication;
  const ref = { freshness: 'immutable', coordinates: { package: pkg, version } } as const;
  const files: NewFile[] = [
    {
      ...ref,
      path: tarballPath(pkg, version),
      contentType: 'application/octet-stream',
      blob: tarball,
    },
  ];
  if (attestations)
    files.push({
      ...ref,
      path: attestationsPath(pkg, version),
      contentType: 'application/json',
      blob: attestations,
    });
  await repo
    .publish({
      package: pkg,
      version,
      attributes: toAttributes(attributes),
      size: tarball.size,
      files,
      tags,
      // What a package says of itself is what its latest version says.
      ...((tags.includes('latest') || !(await repo.hasPackage(pkg))) && {
        describe: (before: Attributes) => ({ ...before, ...about }),
        searchText,
      }),
      once: true,
      onConflict: 'reject',
    })
    .catch((error: unknown) => {
      throw error instanceof RegistryError && error.code === 'ALREADY_EXISTS'
        ? publishedBefore(version, error)
        : error;
    });
}

const LONGEST_README = 64 * 1024;
/** What npm writes where there is none. */
const NO_README = 'ERROR: No README data found!';

/** A manifest as it is kept with its version, and what is kept of it with the package: a text that only people read. */
function partsOf(manifest: Manifest, head: ReadonlyMap<string, unknown>) {
  const { dist: _dist, deprecated: _deprecated, readme, readmeFilename, ...kept } = manifest;
  const text = typeof readme === 'string' ? readme : head.get('readme');
  const about: PackageAttributes = {
    readme: typeof text === 'string' && text !== NO_README ? text.slice(0, LONGEST_README) : '',
    ...(typeof readmeFilename === 'string' && { readmeFilename }),
  };
  return { kept, about };
}

const LONGEST_TEXT = 4096;

/** Words that a package is found by, besides its name. */
function searchTextOf({ description, keywords, author }: Manifest): string {
  const name = typeof author === 'object' && author !== null && 'name' in author ? author.name : author;
  const words: readonly unknown[] = [
    description,
    name,
    ...(Array.isArray(keywords) ? (keywords as unknown[]) : []),
  ];
  return words
    .filter((word) => typeof word === 'string')
    .join(' ')
    .slice(0, LONGEST_TEXT);
}

function distOf({ checksums }: CommittedBlob): Required<Pick<Dist, 'shasum' | 'integrity'>> {
  const hex = (algorithm: string): string =>
    checksums.find((checksum) => checksum.algorithm === algorithm)?.hex ?? '';
  const sha512 = Buffer.from(hex('sha512'), 'hex').toString('base64');
  return { shasum: hex('sha1'), integrity: `sha512-${sha512}` };
}

function checkIntegrity(said: unknown, { integrity, shasum }: ReturnType<typeof distOf>): void {
  const dist = typeof said === 'object' && said !== null ? (said as Record<string, unknown>) : {};
  const hashes = typeof dist['integrity'] === 'string' ? dist['integrity'].split(/\s+/) : [];
  const wrong = hashes.some((hash) => hash.startsWith('sha512-') && hash !== integrity);
  if (wrong || (typeof dist['shasum'] === 'string' && dist['shasum'].toLowerCase() !== shasum))
    throw invalid('DIGEST_INVALID', 'integrity mismatch: the tarball is not the one that its manifest says', {
      integrity,
    });
}

/** In words that release tools know from the public registry. */
export const publishedBefore = (version: string, error?: RegistryError): RegistryError =>
  new RegistryError(
    'PERMISSION_DENIED',
    error?.reason ?? 'VERSION_EXISTS',
    `You cannot publish over the previously published versions: ${version}. A version stays what it was, also when it was unpublished: publish another one.`,
    { details: error?.details ?? { version } },
  );
