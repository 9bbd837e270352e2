import type { CatalogReader } from '../../core/catalog.ts';
import { defineKeptIndex, type KeptDocument } from '../../core/index-kind.ts';
import { fromAttributes, type Manifest } from './attributes.ts';
import { tarballPath } from './names.ts';
import { allVersions } from './stored-summary.ts';

interface Packument {
  readonly name: string;
  readonly revision: number;
  readonly versions: ReadonlyMap<string, Manifest>;
  readonly tags: ReadonlyMap<string, string>;
  readonly times: ReadonlyMap<string, number>;
}

export const FULL = 'full';
export const ABBREVIATED = 'abbreviated';

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
  return { name, revision: state.revision, versions, times, tags };
}

function documents(
  { name, revision, versions, tags, times }: Packument,
  baseUrl: string,
): readonly KeptDocument[] {
  const shown = Object.fromEntries(
    [...versions].map(([version, manifest]) => [
      version,
      {
        ...manifest,
        dist: { ...(manifest['dist'] as object), tarball: `${baseUrl}/${tarballPath(name, version)}` },
      },
    ]),
  );
  const body = JSON.stringify({
    _id: name,
    _rev: `${revision}-0`,
    name,
    'dist-tags': Object.fromEntries(tags),
    versions: shown,
    time: Object.fromEntries([...times].map(([version, at]) => [version, new Date(at).toISOString()])),
  });
  return [
    { variant: FULL, contentType: 'application/json', body: [body] },
    { variant: ABBREVIATED, contentType: 'application/vnd.npm.install-v1+json', body: [body] },
  ];
}
