import type { FileRef } from '../../core/catalog.ts';
import { notFound } from '../../core/error.ts';
import { param, type Params } from '../../core/format.ts';
import { CATALOG, type MavenFile, packageName, readPath } from './layout.ts';
import { isSnapshot } from './versions.ts';

const TYPES: Readonly<Record<string, string>> = {
  pom: 'application/xml',
  xml: 'application/xml',
  jar: 'application/java-archive',
  war: 'application/java-archive',
  ear: 'application/java-archive',
  module: 'application/json',
  json: 'application/json',
  zip: 'application/zip',
  gz: 'application/gzip',
};

const typeOf = (filename: string): string =>
  TYPES[filename.slice(filename.lastIndexOf('.') + 1)] ?? 'application/octet-stream';

/** A snapshot's file that does not say which build it is of is another after each deploy. */
export const isFixed = ({ version, build }: MavenFile): boolean =>
  !isSnapshot(version) || build !== undefined;

export const refOf = (file: MavenFile): FileRef => ({
  path: file.path,
  freshness: isFixed(file) ? 'immutable' : 'revalidate',
  coordinates: { package: packageName(file), version: file.version },
  contentType: typeOf(file.filename),
});

/** The list of a repository's archetypes, which is no version's. */
const catalog: FileRef = { path: CATALOG, freshness: 'revalidate', contentType: 'application/xml' };

/** The file that a path names. NOT_FOUND where it names none. */
export function fileAt(params: Params): FileRef {
  const path = param(params, 'path');
  if (path === CATALOG) return catalog;
  const file = readPath(path);
  if ('wrong' in file) throw notFound('FILE', { path });
  return refOf(file);
}
