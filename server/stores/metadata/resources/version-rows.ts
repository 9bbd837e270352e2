import { type Kysely, sql } from 'kysely';
import type { Attributes } from '../../../core/catalog.ts';
import { repositoryName } from '../../../core/repository.ts';
import type { Condition, PackageAddress, SortField, VersionRecord } from '../../../core/resources.ts';
import type { Schema } from '../schema.ts';
import type { Keyset } from './keyset.ts';
import { annotationMatching, escapeId, type Matching, nameMatching } from './matching.ts';

/** Tags that a list shows of one version (Artifact Registry, Version.related_tags). */
const TAGS_SHOWN = 100;

const FIRST_TAGS = sql<string>`(SELECT json_group_array(name) FROM
  (SELECT name FROM tag WHERE tag.version_id = version.id ORDER BY name LIMIT ${sql.lit(TAGS_SHOWN)}))`;

/** Versions with the name of their package and, unless they are not wanted, their first tags. */
export const selectVersions = (db: Kysely<Schema>, withTags = true) =>
  db
    .selectFrom('version')
    .innerJoin('package', 'package.id', 'version.package_id')
    .select([
      'version.id',
      'version.name',
      'version.description',
      'version.attributes',
      'version.annotations',
      'version.size',
      'version.created_at',
      'version.updated_at',
      'package.name as package',
      (withTags ? FIRST_TAGS : sql<string>`'[]'`).as('tags'),
    ]);

export interface VersionColumns {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly attributes: string;
  readonly annotations: string;
  readonly size: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly package: string;
  readonly tags: string;
}

/** Orders within one package. */
export const IN_PACKAGE: Readonly<Record<SortField, Keyset<VersionColumns>>> = {
  name: { columns: ['version.name'], position: (row) => [row.name] },
  createTime: {
    columns: ['version.created_at', 'version.name'],
    position: (row) => [row.created_at, row.name],
  },
  updateTime: {
    columns: ['version.updated_at', 'version.name'],
    position: (row) => [row.updated_at, row.name],
  },
};

/** Orders across a repository's packages that one index gives. */
export const IN_REPOSITORY: Readonly<Record<Exclude<SortField, 'name'>, Keyset<VersionColumns>>> = {
  createTime: { columns: ['version.created_at', 'version.id'], position: (row) => [row.created_at, row.id] },
  updateTime: { columns: ['version.updated_at', 'version.id'], position: (row) => [row.updated_at, row.id] },
};

export function versionMatching(parent: PackageAddress, condition: Condition): Matching<VersionColumns> {
  if (condition.field === 'annotations')
    return annotationMatching('version.annotations', condition.key, condition.pattern);
  const below = `${repositoryName(parent)}/packages/${escapeId(parent.package)}/versions/`;
  return nameMatching({ below, column: 'version.name', id: (row) => row.name }, condition.pattern);
}

export const versionRecord = (row: VersionColumns): VersionRecord => ({
  package: row.package,
  version: row.name,
  description: row.description,
  attributes: JSON.parse(row.attributes) as Attributes,
  annotations: row.annotations === '{}' ? {} : (JSON.parse(row.annotations) as Record<string, string>),
  size: row.size,
  tags: row.tags === '[]' ? [] : (JSON.parse(row.tags) as string[]),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
