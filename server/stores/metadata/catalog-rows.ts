import type { Digest } from '../../core/blob.ts';
import type { FileEntry, FileRef, StoredFile, VersionRow } from '../../core/catalog.ts';
import type { Slice } from '../../core/page.ts';

export interface FileRow {
  readonly path: string;
  readonly content_type: string | null;
  readonly digest: Digest;
  readonly size: number;
  readonly generation: string;
  readonly md5: string | null;
  readonly sha1: string | null;
  readonly sha512: string | null;
  readonly package: string | null;
  readonly version: string | null;
}

export const FILE_COLUMNS = `file.path, file.content_type, blob.digest, blob.size, blob.generation, blob.md5, blob.sha1, blob.sha512,
  package.name AS package, version.name AS version`;
/** A blob that is being deleted, or is damaged, is not served. */
export const SERVABLE = `blob.state IN ('live', 'condemned')`;

/** What is stored, as it is called: of the reference only what says how it may change. */
export function storedFile({ freshness, tag }: FileRef, row: FileRow): StoredFile {
  const checksums = CHECKSUMS.flatMap((algorithm) => {
    const hex = row[algorithm];
    return hex === null ? [] : [{ algorithm, hex }];
  });
  return {
    path: row.path,
    freshness,
    ...(tag !== undefined && { tag }),
    ...(row.content_type !== null && { contentType: row.content_type }),
    ...(row.package !== null && {
      coordinates: { package: row.package, ...(row.version !== null && { version: row.version }) },
    }),
    blob: { digest: row.digest, size: row.size, generation: row.generation },
    ...(checksums.length > 0 && { checksums }),
  };
}

const CHECKSUMS = ['md5', 'sha1', 'sha512'] as const;

export interface RawVersion {
  readonly name: string;
  readonly attributes: string;
  readonly size: number;
  readonly created_at: number;
}

export const versionRow = (pkg: string, row: RawVersion): VersionRow => ({
  package: pkg,
  version: row.name,
  attributes: JSON.parse(row.attributes) as Record<string, unknown>,
  size: row.size,
  createdAt: row.created_at,
});

export const slice = <T>(rows: readonly T[], limit: number): Slice<T> => ({
  rows: rows.slice(0, limit),
  more: rows.length > limit,
});

/** The first string after everything that starts with `prefix`, in byte order. */
export const pastPrefix = (prefix: string): string => `${prefix}\u{10ffff}`;

/** Files between two paths, in the order of these. The first one is itself among them with `>=`. */
export const between = (first: '>' | '>='): string =>
  `SELECT file.path, file.updated_at, blob.digest, blob.size, package.name AS package, version.name AS version
   FROM file JOIN blob ON blob.digest = file.blob_digest
     LEFT JOIN package ON package.id = file.package_id
     LEFT JOIN version ON version.id = file.version_id
   WHERE file.repository_id = +? AND file.path ${first} +? AND file.path < +? AND ${SERVABLE}
   ORDER BY file.path LIMIT +?`;

export interface RawFile {
  readonly path: string;
  readonly updated_at: number;
  readonly digest: string;
  readonly size: number;
  readonly package: string | null;
  readonly version: string | null;
}

export const fileEntry = ({ path, size, digest, updated_at: updatedAt, ...row }: RawFile): FileEntry => ({
  path,
  size,
  digest: digest as Digest,
  updatedAt,
  ...(row.package !== null && {
    coordinates: { package: row.package, ...(row.version !== null && { version: row.version }) },
  }),
});
