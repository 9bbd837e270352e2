import type { CatalogReader } from '../../core/catalog.ts';
import { defineKeptIndex, type IndexKey } from '../../core/index-kind.ts';
import { fromAttributes } from './attributes.ts';
import { folderOf, METADATA } from './layout.ts';
import { LARGEST_METADATA } from './metadata.ts';
import { documentsOf, MAX_AGE } from './metadata-index.ts';
import { mergeSnapshots, parseSnapshot, renderSnapshot, type Snapshot } from './snapshot.ts';

/** The metadata of a snapshot: the key is of its package, filtered to its version. */
export const snapshotIndex = defineKeptIndex<Snapshot>({
  name: 'maven.snapshot',
  build,
  upstream: {
    target: ({ of, filter = '' }) => ({
      target: `${folderOf(of)}/${encodeURIComponent(filter)}/${METADATA}`,
    }),
    maxBytes: LARGEST_METADATA,
    parse: (body, key) => parseSnapshot(body, identityOf(key)),
    package: ({ of }) => of,
    maxAge: MAX_AGE,
  },
  merge: (parts) => {
    const [first, ...others] = parts;
    if (!first) throw new TypeError('there is nothing to merge');
    return mergeSnapshots([first, ...others]);
  },
  documents: (snapshot) => documentsOf(renderSnapshot(snapshot)),
});

function identityOf({ of, filter = '' }: IndexKey): Omit<Snapshot, 'files'> {
  const [groupId = '', artifactId = ''] = of.split(':');
  return { groupId, artifactId, version: filter };
}

async function build(catalog: CatalogReader, key: IndexKey): Promise<Snapshot | undefined> {
  const row = await catalog.version(key.of, key.filter ?? '');
  const { files } = fromAttributes(row?.attributes ?? {});
  return files && mergeSnapshots([{ ...identityOf(key), files: new Map(Object.entries(files)) }]);
}
