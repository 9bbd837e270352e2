import type { FileRef } from '../../core/catalog.ts';
import type { Within } from '../../core/iam.ts';
import { filePath, packageName, versionName } from './names.ts';

/**
 * A file is stored under `PACKAGE:VERSION:PATH`, as Artifact Registry has it. Trees elsewhere have files that are less deep:
 * where such a file has no version, or no package either, that is empty, as no folder's name is. What would be read
 * as one of the two colons is escaped.
 */
export interface Place {
  /** Empty for a file at the top of a tree. */
  readonly package: string;
  /** Empty for a file that has but one folder above it. */
  readonly version: string;
  readonly path: string;
}

/** Stands in the catalog for a package or version that a file does not have; nothing is published under it. */
const NONE = '-';

const escaped = (name: string): string => name.replaceAll('%', '%25').replaceAll(':', '%3A');
const unescaped = (text: string): string =>
  text.replaceAll(/%25|%3A/g, (escape) => (escape === '%25' ? '%' : ':'));

/** What segments of an address below a repository mean. */
export function placeOf(segments: readonly string[]): Place {
  const [first = '', second = '', ...rest] = segments;
  if (segments.length === 1) return { package: '', version: '', path: first };
  if (rest.length === 0) return { package: first, version: '', path: second };
  return { package: first, version: second, path: rest.join('/') };
}

/** The segments that lead to a place. */
export const segmentsOf = ({ package: pkg, version, path }: Place): readonly string[] =>
  [pkg, version, ...path.split('/')].filter((segment) => segment !== '');

export const idOf = (place: Place): string =>
  `${escaped(place.package)}:${escaped(place.version)}:${place.path}`;

/** The place that an id names; nothing for what is no id. */
export function parseId(id: string): Place | undefined {
  const [, pkg, version, path] = /^([^:]*):([^:]*):([\s\S]+)$/.exec(id) ?? [];
  if (pkg === undefined || version === undefined || path === undefined) return undefined;
  return { package: unescaped(pkg), version: unescaped(version), path };
}

/** The package and version that a file is of in the catalog. */
export const coordinatesOf = (place: Place): { readonly package: string; readonly version: string } => ({
  package: place.package || NONE,
  version: place.version || NONE,
});

export const refOf = (place: Place): FileRef => ({
  path: idOf(place),
  // One that was deleted may come again, and trees elsewhere change.
  freshness: 'revalidate',
  coordinates: coordinatesOf(place),
  contentType: 'application/octet-stream',
});

/** A place that somebody publishes to. NAME_INVALID or VERSION_INVALID where nothing can be. */
export const publishedPlace = (place: Place): Place => ({
  package: packageName(place.package),
  version: versionName(place.version),
  path: filePath(place.path),
});

/** What ids of everything below a folder begin with. */
export function folderId(segments: readonly string[]): string {
  const [pkg, version, ...rest] = segments;
  if (pkg === undefined) return '';
  if (version === undefined) return `${escaped(pkg)}:`;
  return `${escaped(pkg)}:${escaped(version)}:${rest.map((segment) => `${segment}/`).join('')}`;
}

/** The segments that lead to the folder which such ids are in. */
export function segmentsOfFolder(id: string): readonly string[] {
  const [pkg = '', version, ...rest] = id.split(':');
  if (version === undefined) return [];
  const path = rest.length > 0 ? rest.join(':').split('/') : [];
  return [unescaped(pkg), unescaped(version), ...path].filter((segment) => segment !== '');
}

/** What is directly in a folder: the part of an id behind the folder's own, up to what ends a name. */
export interface Entry {
  /** Sorts as ids do, and tells what to go on from. */
  readonly key: string;
  readonly name: string;
  readonly isFolder: boolean;
}

/** The entry of the folder that a file below it is in. */
export function entryIn(folder: string, id: string): Entry {
  const rest = id.slice(folder.length);
  const depth = folder.split(':').length - 1;
  if (depth >= 2) {
    const slash = rest.indexOf('/');
    return slash === -1
      ? { key: rest, name: rest, isFolder: false }
      : { key: rest.slice(0, slash + 1), name: rest.slice(0, slash), isFolder: true };
  }
  const colon = rest.indexOf(':');
  // A file that has no folder of this depth.
  if (colon === 0) return { key: rest, name: rest.slice(2 - depth), isFolder: false };
  return { key: rest.slice(0, colon + 1), name: unescaped(rest.slice(0, colon)), isFolder: true };
}

/** What a request's path says to conditions, without judging it. */
export function withinOf(segments: readonly string[], isFolder: boolean): Within {
  const [first, second] = segments;
  if (!isFolder) return coordinatesOf(placeOf(segments));
  if (first === undefined) return {};
  return { package: first, ...(second !== undefined && { version: second }) };
}
