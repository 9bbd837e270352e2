import type { Build } from './layout.ts';
import { document, isStamp, metadataIn } from './metadata.ts';
import { type Content, elements, textAt } from './xml.ts';

/** A file of a snapshot as its newest build has it. */
export interface SnapshotFile {
  readonly classifier: string;
  readonly extension: string;
  /** The version in its name. */
  readonly value: string;
  /** `yyyyMMddHHmmss`, UTC. */
  readonly updated: string;
}

/** What stands at a snapshot: which build of each of its files is the newest. */
export interface Snapshot {
  readonly groupId: string;
  readonly artifactId: string;
  readonly version: string;
  /** By `fileKey`. */
  readonly files: ReadonlyMap<string, SnapshotFile>;
}

export const fileKey = ({ classifier, extension }: Pick<SnapshotFile, 'classifier' | 'extension'>): string =>
  `${classifier}:${extension}`;

const buildOf = ({ value }: SnapshotFile): Build | undefined => {
  const [, timestamp, number] = /-(\d{8}\.\d{6})-(\d+)$/.exec(value) ?? [];
  return timestamp === undefined ? undefined : { timestamp, number: Number(number) };
};

/** The newer of two; the first where they are as old as each other. */
export function newer(a: SnapshotFile, b: SnapshotFile): SnapshotFile {
  const order = Number(b.updated > a.updated) - Number(b.updated < a.updated);
  return order > 0 || (order === 0 && (buildOf(b)?.number ?? 0) > (buildOf(a)?.number ?? 0)) ? b : a;
}

/** Several servers' metadata of one snapshot together: of each file the newest build, wherever it is. */
export function mergeSnapshots(parts: readonly [Snapshot, ...Snapshot[]]): Snapshot {
  const files = new Map<string, SnapshotFile>();
  for (const part of parts)
    for (const [key, file] of part.files) {
      const known = files.get(key);
      files.set(key, known ? newer(known, file) : file);
    }
  return { ...parts[0], files: new Map([...files].sort(([a], [b]) => Number(a > b) - Number(a < b))) };
}

/** `snapshot` names the newest build of all. */
export function renderSnapshot({ groupId, artifactId, version, files }: Snapshot): string {
  const all = [...files.values()];
  const newest = all
    .filter((file) => buildOf(file))
    .reduce<SnapshotFile | undefined>((a, b) => (a ? newer(a, b) : b), undefined);
  const build = newest && buildOf(newest);
  const file = ({ classifier, extension, value, updated }: SnapshotFile): Content => [
    ['classifier', classifier === '' ? undefined : classifier],
    ['extension', extension],
    ['value', value],
    ['updated', updated],
  ];
  return document(
    [
      ['groupId', groupId],
      ['artifactId', artifactId],
      ['version', version],
      [
        'versioning',
        [
          [
            'snapshot',
            build && [
              ['timestamp', build.timestamp],
              ['buildNumber', String(build.number)],
            ],
          ],
          [
            'lastUpdated',
            all
              .map(({ updated }) => updated)
              .sort()
              .at(-1),
          ],
          ['snapshotVersions', all.map((each) => ['snapshotVersion', file(each)] as const)],
        ],
      ],
    ],
    ' modelVersion="1.1.0"',
  );
}

/** Reads another server's. DATA_LOSS (UPSTREAM_BROKEN) for what is no metadata. */
export async function parseSnapshot(bytes: Uint8Array, of: Omit<Snapshot, 'files'>): Promise<Snapshot> {
  const root = await metadataIn(bytes);
  const listed = elements(root, 'versioning', 'snapshotVersions', 'snapshotVersion').flatMap((each) => {
    const [extension, value, updated] = [
      textAt(each, 'extension'),
      textAt(each, 'value'),
      textAt(each, 'updated'),
    ];
    if (extension === undefined || value === undefined || updated === undefined || !isStamp(updated))
      return [];
    return [{ classifier: textAt(each, 'classifier') ?? '', extension, value, updated }];
  });
  const files = new Map<string, SnapshotFile>();
  for (const file of listed.length > 0 ? listed : olderFiles(root, of.version))
    files.set(fileKey(file), file);
  return mergeSnapshots([{ ...of, files }]);
}

/** Maven 2 says only which build is the newest: what there is of it is not known, but nearly always these two. */
function olderFiles(root: Parameters<typeof elements>[0], version: string): readonly SnapshotFile[] {
  const timestamp = textAt(root, 'versioning', 'snapshot', 'timestamp');
  const number = textAt(root, 'versioning', 'snapshot', 'buildNumber');
  const updated = textAt(root, 'versioning', 'lastUpdated');
  if (
    timestamp === undefined ||
    !/^\d{8}\.\d{6}$/.test(timestamp) ||
    number === undefined ||
    !/^\d{1,9}$/.test(number)
  )
    return [];
  const value = `${version.slice(0, -'SNAPSHOT'.length)}${timestamp}-${number}`;
  const at = updated !== undefined && isStamp(updated) ? updated : timestamp.replace('.', '');
  return ['jar', 'pom'].map((extension) => ({ classifier: '', extension, value, updated: at }));
}
