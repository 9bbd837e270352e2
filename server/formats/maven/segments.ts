import { notFound } from '../../core/error.ts';
import { param, type RouteRequest } from '../../core/format.ts';
import type { Within } from '../../core/iam.ts';
import type { IndexKey } from '../../core/index-kind.ts';
import { isChecksum } from './checksums.ts';
import { groupIn, isArtifactId, isVersion, METADATA, packageName, readPath } from './layout.ts';
import { isSnapshot } from './versions.ts';

/** What no file is called, so that it tells routes what a path is: its checksum, or metadata of a folder or a snapshot. */
export const CHECKSUM = '@checksum';
export const OF_FOLDER = '@metadata';
export const OF_SNAPSHOT = '@snapshot';

/** Says of a path what it is: what stands behind a file's last dot decides, and whether it is metadata. */
export function sorted(rest: readonly string[]): readonly string[] {
  const filename = rest.at(-1) ?? '';
  const folder = rest.slice(0, -1);
  const dot = filename.lastIndexOf('.');
  const algorithm = filename.slice(dot + 1);
  const of = isChecksum(algorithm) ? filename.slice(0, dot) : filename;
  const variant = of === filename ? METADATA : algorithm;
  if (of === METADATA) return [...folder, isSnapshot(folder.at(-1) ?? '') ? OF_SNAPSHOT : OF_FOLDER, variant];
  return of === filename ? rest : [...folder, of, CHECKSUM, algorithm];
}

/** The folder's package, where it may be one of an artifact; else the group. */
function keyOf(path: string): IndexKey | undefined {
  const folders = path.split('/');
  const [artifactId = '', groupId] = [folders.at(-1), groupIn(folders.slice(0, -1))];
  if (groupId !== undefined && isArtifactId(artifactId)) return { of: packageName({ groupId, artifactId }) };
  const group = groupIn(folders);
  return group === undefined ? undefined : { of: group };
}

/** A snapshot's folder. */
function snapshotKeyOf(path: string): IndexKey | undefined {
  const slash = path.lastIndexOf('/');
  const [key, version] = [keyOf(path.slice(0, Math.max(0, slash))), path.slice(slash + 1)];
  return key?.of.includes(':') && isVersion(version) ? { of: key.of, filter: version } : undefined;
}

type Path = Pick<RouteRequest, 'params'>;

/** The metadata that a path is of. NOT_FOUND where it is that of nothing. */
export const folderKey = ({ params }: Path): IndexKey => orAbsent(keyOf(param(params, 'folder')), params);
export const snapshotKey = ({ params }: Path): IndexKey =>
  orAbsent(snapshotKeyOf(param(params, 'snapshot')), params);

function orAbsent(key: IndexKey | undefined, params: Path['params']): IndexKey {
  if (key) return key;
  throw notFound('INDEX', { path: param(params, 'folder' in params ? 'folder' : 'snapshot') });
}

/** What a request says of its package and version to conditions. */
export const within = ({ params }: Path): Within => {
  const { path, folder, snapshot } = params;
  const file = path === undefined ? undefined : readPath(path);
  if (file && !('wrong' in file)) return { package: packageName(file), version: file.version };
  const key =
    folder !== undefined ? keyOf(folder) : snapshot !== undefined ? snapshotKeyOf(snapshot) : undefined;
  if (!key?.of.includes(':')) return {};
  return { package: key.of, ...(key.filter !== undefined && { version: key.filter }) };
};
