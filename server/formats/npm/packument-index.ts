import type { CatalogReader } from '../../core/catalog.ts';
import { defineKeptIndex, type KeptDocument } from '../../core/index-kind.ts';
import { fromAttributes, type Manifest } from './attributes.ts';
import { tarballPath } from './names.ts';
import { revisionText } from './revision.ts';
import { allVersions } from './stored-summary.ts';
import { latestOf } from './versions.ts';

interface Packument {
  readonly name: string;
  readonly revision: number;
  readonly versions: ReadonlyMap<string, Manifest>;
  readonly tags: ReadonlyMap<string, string>;
  readonly times: ReadonlyMap<string, number>;
}

export const FULL = 'full';
export const ABBREVIATED = 'abbreviated';
export const TAGS = 'tags';

/** What a registry says of a package: all its versions and tags. */
export const packumentIndex = defineKeptIndex<Packument>({
  name: 'npm.packument',
  build,
  merge: ([first]) => {
    if (!first) throw new Error('nothing to merge');
    return first;
  },
  documents: (value, _key, baseUrl) => documents(value, baseUrl),
});

async function build(catalog: CatalogReader, { of: name }: { readonly of: string }) {
  const state = await catalog.packageState(name);
  if (!state) return undefined;
  const versions = new Map<string, Manifest>();
  const times = new Map<string, number>();
  for await (const rows of allVersions(catalog, name))
    for (const { version, attributes, createdAt } of rows) {
      const { manifest, dist, deprecated } = fromAttributes(attributes);
      versions.set(version, { ...manifest, dist, ...(deprecated !== undefined && { deprecated }) });
      times.set(version, createdAt);
    }
  const { rows } = await catalog.tags(name, { limit: 10_000 });
  const tags = new Map(rows.map(({ tag, version }) => [tag, version]));
  const latest = latestOf(versions.keys());
  if (latest === undefined) return undefined;
  // Without it nobody could install the package by its name alone.
  if (!tags.has('latest')) tags.set('latest', latest);
  return { name, revision: state.revision, versions, times, tags };
}

function documents(
  { name, revision, versions, tags, times }: Packument,
  baseUrl: string,
): readonly KeptDocument[] {
  const shown = Object.fromEntries(
    [...versions].map(([version, manifest]) => [version, shownManifest(name, version, manifest, baseUrl)]),
  );
  const body = JSON.stringify({
    _id: name,
    _rev: revisionText(revision),
    name,
    'dist-tags': Object.fromEntries(tags),
    versions: shown,
    time: Object.fromEntries([...times].map(([version, at]) => [version, new Date(at).toISOString()])),
  });
  return [
    { variant: FULL, contentType: 'application/json', body: [body] },
    { variant: ABBREVIATED, contentType: 'application/vnd.npm.install-v1+json', body: [body] },
    { variant: TAGS, contentType: 'application/json', body: [JSON.stringify(Object.fromEntries(tags))] },
  ];
}

function shownManifest(name: string, version: string, manifest: Manifest, baseUrl: string): Manifest {
  return {
    ...manifest,
    dist: { ...(manifest['dist'] as object), tarball: `${baseUrl}/${tarballPath(name, version)}` },
  };
}

/** The version that is called so, or that has this tag, as a packument shows it. */
export function shownVersion(
  { name, versions, tags }: Packument,
  wanted: string,
  baseUrl: string,
): Manifest | undefined {
  const version = versions.has(wanted) ? wanted : tags.get(wanted);
  const manifest = version === undefined ? undefined : versions.get(version);
  if (version === undefined || !manifest) return undefined;
  return shownManifest(name, version, manifest, baseUrl);
}
