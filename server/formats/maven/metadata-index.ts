import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { CatalogReader } from '../../core/catalog.ts';
import { defineKeptIndex, type IndexKey, type KeptDocument } from '../../core/index-kind.ts';
import { type MavenAttributes, ofPackage } from './attributes.ts';
import { CHECKSUMS } from './checksums.ts';
import { folderOf, METADATA } from './layout.ts';
import {
  LARGEST_METADATA,
  mergeMetadata,
  type Metadata,
  parseMetadata,
  type Plugin,
  pruneMetadata,
  renderMetadata,
  stamp,
} from './metadata.ts';

/** Seconds, as Artifact Registry has it (gar.md 5.5). */
export const MAX_AGE = 300;
/** Rows read at once; between two lots other requests have their turn. */
const ROWS = 500;

/**
 * The metadata of a folder: of an artifact, whose package the key is of, and of the group that has the same words, whose
 * plugins they are.
 */
export const metadataIndex = defineKeptIndex<Metadata>({
  name: 'maven.metadata',
  build,
  besides: ({ of }) => pluginsUnder(of),
  upstream: {
    target: ({ of }) => ({ target: `${folderOf(of)}/${METADATA}` }),
    maxBytes: LARGEST_METADATA,
    parse: (body) => parseMetadata(body),
    package: ({ of }) => of,
    maxAge: MAX_AGE,
  },
  merge: mergeMetadata,
  versions: ({ versions }) => versions.map((version) => ({ version })),
  prune: pruneMetadata,
  documents: (metadata) => documentsOf(renderMetadata(metadata)),
});

/** What the names of a group's packages begin with, where the group has the words of an artifact and its group. */
const pluginsUnder = (of: string): string => `${of.replace(':', '.')}:`;

async function build(catalog: CatalogReader, { of }: IndexKey): Promise<Metadata | undefined> {
  const [groupId, artifactId] = of.split(':');
  const versions = artifactId === undefined ? [] : await versionsOf(catalog, of);
  const plugins = await pluginsOf(catalog, pluginsUnder(of));
  if (versions.length === 0 && plugins.length === 0) return undefined;
  const state = versions.length > 0 ? await catalog.packageState(of) : undefined;
  return mergeMetadata([
    {
      ...(groupId !== undefined && versions.length > 0 && { groupId }),
      ...(artifactId !== undefined && versions.length > 0 && { artifactId }),
      versions,
      ...(state && { lastUpdated: stamp(state.updatedAt) }),
      plugins: new Map(plugins.map((plugin) => [plugin.prefix, plugin])),
    },
  ]);
}

/** Those that have a POM: the others are not there yet. */
async function versionsOf(catalog: CatalogReader, pkg: string): Promise<readonly string[]> {
  const versions: string[] = [];
  for await (const lot of catalog.versionNames(pkg, 'pom' satisfies keyof MavenAttributes))
    versions.push(...lot);
  return versions;
}

async function pluginsOf(catalog: CatalogReader, prefix: string): Promise<readonly Plugin[]> {
  const plugins: Plugin[] = [];
  for (let after: string | undefined; ;) {
    const { rows, more } = await catalog.packages(prefix, {
      limit: ROWS,
      ...(after !== undefined && { after }),
    });
    for (const name of rows) {
      const state = await catalog.packageState(name);
      const { plugin } = ofPackage(state?.attributes ?? {});
      if (plugin) plugins.push({ ...plugin, artifactId: name.slice(prefix.length) });
    }
    after = rows.at(-1);
    if (!more || after === undefined) return plugins;
    await setImmediate();
  }
}

/** The document, and its checksums, which are of just these bytes. */
export function documentsOf(xml: string): readonly KeptDocument[] {
  return [
    { variant: METADATA, contentType: 'application/xml', body: [xml] },
    ...CHECKSUMS.map((algorithm) => ({
      variant: algorithm,
      contentType: 'text/plain',
      body: [createHash(algorithm).update(xml).digest('hex')],
    })),
  ];
}
