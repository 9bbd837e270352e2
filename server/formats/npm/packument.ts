import type { ManifestText, Span } from './manifest-text.ts';
import { latestOf, notAbove, sortVersions } from './versions.ts';

/** All that is known of a package: what its versions are, and what each of them says of itself. */
export interface Packument {
  readonly name: string;
  /** Members of the document that are shown as they came: description, readme, maintainers and others. JSON each. */
  readonly head: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Each names a version; `latest` is among them wherever there is a version. */
  readonly tags: ReadonlyMap<string, string>;
  /** Milliseconds since the epoch, as all times here. */
  readonly created?: number;
  readonly modified?: number;
  /** In the order of semver.org. */
  readonly versions: ReadonlyMap<string, VersionEntry>;
}

export interface VersionEntry {
  readonly manifest: ManifestText;
  readonly publishedAt?: number;
}

/** What a packument announces of the file of a version. */
export interface ListedTarball {
  readonly version: string;
  /** Where the registry that the packument came from has it. */
  readonly url: string;
  readonly integrity?: string;
  readonly shasum?: string;
  readonly publishedAt?: number;
}

/** A packument whose versions are in order and whose tags all lead somewhere. */
export function packumentFrom(parts: Packument): Packument {
  const sorted = sortVersions(parts.versions.keys());
  const versions = new Map<string, VersionEntry>();
  for (const version of sorted) {
    const entry = parts.versions.get(version);
    if (entry) versions.set(version, entry);
  }
  return { ...parts, versions, tags: tagsOver(parts.tags, versions) };
}

/**
 * Several registries' packuments of one name as one: the first that has a version is who says what it is. Tags and
 * everything else are the first's that has any version.
 */
export function mergePackuments(parts: readonly [Packument, ...Packument[]]): Packument {
  const [first] = parts;
  if (parts.length === 1) return first;
  const versions = new Map<string, VersionEntry>();
  for (const part of parts)
    for (const [version, entry] of part.versions) if (!versions.has(version)) versions.set(version, entry);
  return packumentFrom({ ...(parts.find((part) => part.versions.size > 0) ?? first), versions });
}

/** Without the versions that are not kept, and without the tags that named them. */
export function prunePackument(
  packument: Packument,
  keep: (version: string, publishedAt: number | undefined) => boolean,
): Packument {
  const kept = [...packument.versions].filter(([version, { publishedAt }]) => keep(version, publishedAt));
  if (kept.length === packument.versions.size) return packument;
  const versions = new Map(kept);
  return { ...packument, versions, tags: tagsOver(packument.tags, versions) };
}

/** The files of all versions. */
export function listingOf({ versions }: Packument): readonly ListedTarball[] {
  return Array.from(versions, ([version, { manifest, publishedAt }]) => {
    const { bytes, tarball, integrity, shasum } = manifest;
    return {
      version,
      url: textAt(bytes, tarball),
      ...(integrity && { integrity: textAt(bytes, integrity) }),
      ...(shasum && { shasum: textAt(bytes, shasum) }),
      ...(publishedAt !== undefined && { publishedAt }),
    };
  });
}

/** What a string says that is in JSON text. */
function textAt(bytes: Uint8Array<ArrayBuffer>, { from, to }: Span): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString();
  return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
}

/**
 * Tags whose versions are there. A `latest` that went becomes the highest release that is not above it, so that leaving out
 * a version never moves anybody to a newer line; where there is none such, the highest release of all.
 */
function tagsOver(
  tags: ReadonlyMap<string, string>,
  versions: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, string> {
  const there = new Map([...tags].filter(([, version]) => versions.has(version)));
  if (there.has('latest')) return there;
  const lost = tags.get('latest');
  const below = lost === undefined ? undefined : latestOf(notAbove(lost, versions.keys()));
  const latest = below ?? latestOf(versions.keys());
  return latest === undefined ? there : new Map([...there, ['latest', latest]]);
}
