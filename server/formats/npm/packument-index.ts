import type { CatalogReader, VersionRow } from '../../core/catalog.ts';
import type { Checksum } from '../../core/blob.ts';
import {
  defineKeptIndex,
  type IndexKey,
  type KeptDocument,
  type ListedFile,
  type Listing,
} from '../../core/index-kind.ts';
import { attestationsAddress } from './attestations.ts';
import { fromAttributes, ofPackage } from './attributes.ts';
import { tarballPath } from './names.ts';
import { type OwnVersion, packumentOf } from './own-packument.ts';
import {
  type ListedTarball,
  listingOf,
  mergePackuments,
  type Packument,
  prunePackument,
} from './packument.ts';
import { LARGEST_PACKUMENT, parsePackument } from './parse-packument.ts';
import { renderAbbreviated, renderFull, type UrlsOf } from './render-packument.ts';
import { revisionText } from './revision.ts';
import { allTags, allVersions } from './rows.ts';

/** In which documents clients ask for a package. */
export const FULL = 'full';
export const ABBREVIATED = 'abbreviated';
export const TAGS = 'tags';

/** Seconds, as Artifact Registry has it (gar.md 5.5). */
const MAX_AGE = 300;

/** What a registry says of a package: all its versions and tags. */
export const packumentIndex = defineKeptIndex<Packument>({
  name: 'npm.packument',
  build,
  upstream: {
    // Some registries know no other spelling.
    target: ({ of: name }) => ({
      target: name.replace('/', '%2f'),
      // The abbreviated form does not say when versions were published, nor what tarballs elsewhere are to be called.
      headers: { accept: 'application/json' },
    }),
    maxBytes: LARGEST_PACKUMENT,
    parse: (body, { of: name }) => parsePackument(body, name),
    package: ({ of: name }) => name,
    maxAge: MAX_AGE,
  },
  merge: (parts) => {
    const [first, ...others] = parts;
    if (!first) throw new TypeError('there is nothing to merge');
    return mergePackuments([first, ...others]);
  },
  versions: ({ versions }) =>
    Array.from(versions, ([version, { publishedAt }]) => ({
      version,
      ...(publishedAt !== undefined && { publishedAt }),
    })),
  prune: (packument, keep) => prunePackument(packument, keep),
  listing: (packument) => listing(packument),
  documents,
});

async function build(catalog: CatalogReader, { of: name }: IndexKey): Promise<Packument | undefined> {
  const state = await catalog.packageState(name);
  if (!state) return undefined;
  const packument = await packumentOf(
    {
      name,
      revision: revisionText(state.revision),
      tags: await allTags(catalog, name),
      created: state.createdAt,
      modified: state.updatedAt,
      ...ofPackage(state.attributes),
    },
    ownVersions(catalog, name),
  );
  return packument.versions.size > 0 ? packument : undefined;
}

async function* ownVersions(catalog: CatalogReader, name: string): AsyncGenerator<readonly OwnVersion[]> {
  for await (const rows of allVersions(catalog, name)) yield rows.flatMap(ownVersion);
}

/** A version that was published here, as its row has it. */
export function ownVersion({ version, attributes, createdAt }: VersionRow): readonly OwnVersion[] {
  const { manifest, dist, deprecated, provenance } = fromAttributes(attributes);
  // Of a copy, only its packument says what it is.
  if (!manifest || !dist) return [];
  const attested = provenance !== undefined && {
    attestations: { url: '', provenance: { predicateType: provenance } },
  };
  const said = deprecated === undefined ? {} : { deprecated };
  return [{ version, manifest, dist: { ...dist, ...attested }, publishedAt: createdAt, ...said }];
}

/** Where clients find what the versions of a package are made of. */
export const urlsOf = (name: string, baseUrl: string): UrlsOf => ({
  tarball: (version) => `${baseUrl}/${tarballPath(name, version)}`,
  attestations: (version) => `${baseUrl}/${attestationsAddress(name, version)}`,
});

function documents(packument: Packument, { of: name }: IndexKey, baseUrl: string): readonly KeptDocument[] {
  const urls = urlsOf(name, baseUrl);
  const json = 'application/json';
  return [
    { variant: FULL, contentType: json, body: renderFull(packument, urls) },
    {
      variant: ABBREVIATED,
      contentType: 'application/vnd.npm.install-v1+json',
      body: renderAbbreviated(packument, urls),
    },
    { variant: TAGS, contentType: json, body: [JSON.stringify(Object.fromEntries(packument.tags))] },
  ];
}

const listing = (packument: Packument): Listing =>
  new Map(listingOf(packument).map((file) => [tarballPath(packument.name, file.version), listedFile(file)]));

function listedFile({ version, url, integrity, shasum, publishedAt }: ListedTarball): ListedFile {
  return {
    version,
    target: url,
    checksums: checksumsOf(integrity, shasum),
    ...(publishedAt !== undefined && { publishedAt }),
  };
}

const ALGORITHMS = { sha512: 128, sha256: 64, sha1: 40 } as const;

/** Of `integrity` (https://www.w3.org/TR/SRI), what we can check; several hashes of one kind may stand for several files. */
function checksumsOf(integrity: string | undefined, shasum: string | undefined): readonly Checksum[] {
  const checksums: Checksum[] = [];
  for (const word of (integrity ?? '').split(/\s+/)) {
    const [, algorithm, base64 = ''] =
      /^(sha512|sha256|sha1)-([A-Za-z0-9+/]+={0,2})(?:\?|$)/.exec(word) ?? [];
    if (!algorithm) continue;
    const hex = Buffer.from(base64, 'base64').toString('hex');
    const known = algorithm as keyof typeof ALGORITHMS;
    if (hex.length === ALGORITHMS[known]) checksums.push({ algorithm: known, hex });
  }
  const isSha1 = shasum !== undefined && /^[0-9a-f]{40}$/i.test(shasum);
  if (isSha1 && checksums.length === 0) checksums.push({ algorithm: 'sha1', hex: shasum.toLowerCase() });
  return checksums;
}
