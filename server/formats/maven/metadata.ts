import { RegistryError } from '../../core/error.ts';
import { isArtifactId, isVersion } from './layout.ts';
import { sortVersions, isSnapshot } from './versions.ts';
import { type Content, type Element, elements, readXml, textAt, textOf, writeXml } from './xml.ts';

/** Largest document that is read of another server. */
export const LARGEST_METADATA = 16 * 1024 * 1024;
/** More than any artifact has: they are put in order in one go. */
const MOST_VERSIONS = 30_000;
/** Of all of them: comparing long ones that hardly differ takes longest. */
const MOST_CHARACTERS = 512 * 1024;

/** What stands at an artifact and, since they may be in one folder, at a group (maven.apache.org/ref/current/maven-repository-metadata). */
export interface Metadata {
  readonly groupId?: string;
  readonly artifactId?: string;
  /** In Maven's order. */
  readonly versions: readonly string[];
  /** `yyyyMMddHHmmss`, UTC. */
  readonly lastUpdated?: string;
  /** Those of the group, by prefix. */
  readonly plugins: ReadonlyMap<string, Plugin>;
}

/** What a command line such as `mvn help:system` means. */
export interface Plugin {
  readonly prefix: string;
  readonly artifactId: string;
  readonly name?: string;
}

/** `yyyyMMddHHmmss`, UTC. */
export const stamp = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
export const isStamp = (text: string): boolean => /^\d{14}$/.test(text);

/** Several servers' metadata of one folder together: the first that has a prefix says what it means. */
export function mergeMetadata(parts: readonly Metadata[]): Metadata {
  const plugins = new Map<string, Plugin>();
  for (const part of parts)
    for (const [prefix, plugin] of part.plugins) if (!plugins.has(prefix)) plugins.set(prefix, plugin);
  const [groupId, artifactId] = [parts.find(hasGroup)?.groupId, parts.find(hasArtifact)?.artifactId];
  const lastUpdated = parts
    .flatMap((part) => part.lastUpdated ?? [])
    .sort()
    .at(-1);
  return {
    ...(groupId !== undefined && { groupId }),
    ...(artifactId !== undefined && { artifactId }),
    versions: sortVersions(parts.flatMap(({ versions }) => versions)),
    ...(lastUpdated !== undefined && { lastUpdated }),
    plugins: new Map([...plugins].sort(([a], [b]) => Number(a > b) - Number(a < b))),
  };
}

const lengthOf = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + text.length, 0);
const hasGroup = ({ groupId }: Metadata): boolean => groupId !== undefined;
const hasArtifact = ({ artifactId }: Metadata): boolean => artifactId !== undefined;

/** Without the versions that are not kept. */
export const pruneMetadata = (metadata: Metadata, keep: (version: string) => boolean): Metadata => ({
  ...metadata,
  versions: metadata.versions.filter(keep),
});

const pluginContent = ({ name, prefix, artifactId: id }: Plugin): Content => [
  ['name', name ?? id],
  ['prefix', prefix],
  ['artifactId', id],
];

/** `release` is the highest that is no snapshot, whichever came last. */
export function renderMetadata({ groupId, artifactId, versions, lastUpdated, plugins }: Metadata): string {
  const release = versions.findLast((version) => !isSnapshot(version));
  const versioning: Content = [
    ['latest', versions.at(-1)],
    ['release', release],
    ['versions', versions.map((version) => ['version', version] as const)],
    ['lastUpdated', lastUpdated],
  ];
  return document([
    ['groupId', groupId],
    ['artifactId', artifactId],
    ['versioning', versions.length > 0 ? versioning : undefined],
    [
      'plugins',
      plugins.size > 0
        ? Array.from(plugins.values(), (each) => ['plugin', pluginContent(each)] as const)
        : undefined,
    ],
  ]);
}

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
export const document = (content: Content, attributes = ''): string =>
  HEAD + writeXml('metadata', content, attributes);

/** Reads another server's. What is no version there is left out. DATA_LOSS (UPSTREAM_BROKEN) for what is no metadata. */
export async function parseMetadata(bytes: Uint8Array): Promise<Metadata> {
  const root = await metadataIn(bytes);
  const versions = elements(root, 'versioning', 'versions', 'version').map(textOf);
  if (versions.length > MOST_VERSIONS || lengthOf(versions) > MOST_CHARACTERS)
    throw new RegistryError(
      'DATA_LOSS',
      'UPSTREAM_BROKEN',
      `the metadata has more than ${MOST_VERSIONS} versions, or ${MOST_CHARACTERS} characters of them`,
    );
  const plugins = elements(root, 'plugins', 'plugin').flatMap((each) => {
    const [prefix, artifactId] = [textAt(each, 'prefix'), textAt(each, 'artifactId')];
    const name = textAt(each, 'name');
    if (prefix === undefined || artifactId === undefined || !isArtifactId(artifactId)) return [];
    return [{ prefix, artifactId, ...(name !== undefined && { name }) }];
  });
  const [groupId, artifactId] = [textAt(root, 'groupId'), textAt(root, 'artifactId')];
  const lastUpdated = textAt(root, 'versioning', 'lastUpdated');
  const byPrefix = new Map<string, Plugin>();
  for (const plugin of plugins) if (!byPrefix.has(plugin.prefix)) byPrefix.set(plugin.prefix, plugin);
  return mergeMetadata([
    {
      ...(groupId !== undefined && { groupId }),
      ...(artifactId !== undefined && { artifactId }),
      versions: versions.filter(isVersion),
      ...(lastUpdated !== undefined && isStamp(lastUpdated) && { lastUpdated }),
      plugins: byPrefix,
    },
  ]);
}

export async function metadataIn(bytes: Uint8Array): Promise<Element> {
  try {
    const root = await readXml(bytes);
    if (root.name === 'metadata') return root;
    throw new SyntaxError(`its element is ${JSON.stringify(root.name.slice(0, 80))}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : '';
    throw new RegistryError('DATA_LOSS', 'UPSTREAM_BROKEN', `the metadata is none: ${why}`);
  }
}
