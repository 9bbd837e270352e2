import { JsonReader } from '../../lib/json-reader.ts';
import { Turns } from '../../lib/turns.ts';
import type { Dist, Manifest } from './attributes.ts';
import { readManifest } from './manifest-text.ts';
import { type Packument, packumentFrom, type VersionEntry } from './packument.ts';
import { latestOf } from './versions.ts';

export interface OwnVersion {
  readonly version: string;
  readonly manifest: Manifest;
  readonly dist: Dist & Readonly<Record<string, unknown>>;
  readonly deprecated?: string;
  /** Milliseconds since the epoch. */
  readonly publishedAt: number;
}

export interface OwnPackage {
  readonly name: string;
  /** What `_rev` says. */
  readonly revision: string;
  readonly tags: ReadonlyMap<string, string>;
  /** Milliseconds since the epoch; the times of the versions where absent. */
  readonly created?: number;
  readonly modified?: number;
  readonly readme?: string;
  readonly readmeFilename?: string;
  readonly maintainers?: readonly unknown[];
  readonly users?: Readonly<Record<string, unknown>>;
}

/** What a package says of itself, and a document of it says what its latest version does. */
const OF_LATEST = [
  'description',
  'homepage',
  'keywords',
  'repository',
  'author',
  'contributors',
  'bugs',
  'license',
];

/** A packument of what is published here. Yields to other work while there are many versions. */
export async function packumentOf(
  { name, revision, tags, created, modified, readme, readmeFilename, maintainers, users }: OwnPackage,
  rows: AsyncIterable<readonly OwnVersion[]>,
): Promise<Packument> {
  const versions = new Map<string, VersionEntry>();
  const turns = new Turns();
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for await (const page of rows)
    for (const { version, manifest, dist, deprecated, publishedAt } of page) {
      const entry = entryOf({ ...manifest, ...(deprecated !== undefined && { deprecated }) }, dist);
      if (entry) versions.set(version, { manifest: entry, publishedAt });
      first = Math.min(first, publishedAt);
      last = Math.max(last, publishedAt);
      if (turns.isOver(entry?.bytes.byteLength ?? 0)) await turns.pass();
    }
  const packument = packumentFrom({ name, head: new Map(), tags, versions });
  const latest = packument.tags.get('latest') ?? latestOf(versions.keys());
  const shown = latest === undefined ? {} : manifestOf(versions.get(latest));
  const head: Record<string, unknown> = {
    _rev: revision,
    ...Object.fromEntries(OF_LATEST.map((key) => [key, shown[key]])),
    maintainers,
    users,
    readme: readme ?? shown['readme'],
    readmeFilename: readmeFilename ?? shown['readmeFilename'],
  };
  return {
    ...packument,
    ...(versions.size > 0 && { created: created ?? first, modified: modified ?? last }),
    head: new Map(
      Object.entries(head).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, textOf(value)] as const],
      ),
    ),
  };
}

/** As if it had come from another registry, so that there is one way to show a version. */
function entryOf(manifest: Manifest, dist: OwnVersion['dist']): VersionEntry['manifest'] | undefined {
  const bytes = textOf({ ...manifest, dist: { ...dist, tarball: '' } });
  return readManifest(bytes, new JsonReader(bytes));
}

const manifestOf = (entry: VersionEntry | undefined): Manifest =>
  entry ? (JSON.parse(new TextDecoder().decode(entry.manifest.bytes)) as Manifest) : {};
const textOf = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));
