import { type RawBuilder, sql } from 'kysely';

/** A package at a time, in milliseconds since the epoch. */
export interface PastPackage {
  /** Of its row; 0 where only the trash has what it was. */
  readonly id: number;
  readonly repositoryId: number;
  readonly name: string;
  readonly asOf: number;
}

const eventsOf = ({ repositoryId, name }: Omit<PastPackage, 'id' | 'asOf'>) =>
  sql`FROM tag_event WHERE tag_event.repository_id = ${repositoryId} AND tag_event.package = ${name}`;

/** Whether a row of `package`, or of one as it is published again or restored, was there. */
export const packageWasThere = (repositoryId: number, asOf: number): RawBuilder<boolean> =>
  sql`package.published_at IS NOT NULL AND (package.published_at <= ${asOf}
    OR EXISTS (SELECT 1 FROM version WHERE version.package_id = package.id AND version.created_at <= ${asOf})
    OR EXISTS (SELECT 1 FROM tag_event WHERE tag_event.repository_id = ${repositoryId}
      AND tag_event.package = package.name AND tag_event.at <= ${asOf}))`;

/** Whether a row of `deleted_version` was there: it was deleted later. */
export const deletedLater = (repositoryId: number, asOf: number): RawBuilder<boolean> =>
  sql`deleted_version.repository_id = ${repositoryId} AND deleted_version.created_at <= ${asOf}
    AND deleted_version.deleted_at > ${asOf}`;

/** Rows of `deleted_version` that the package had then. */
export const trashOf = ({ repositoryId, name, asOf }: Omit<PastPackage, 'id'>) =>
  sql`FROM deleted_version WHERE deleted_version.package = ${name} AND ${deletedLater(repositoryId, asOf)}`;

/**
 * Whether a row of `version` was there. What was deleted and published again counts as if it had stayed, as far as a tag tells:
 * itself, and what it is made of. While the trash has it as it was then, that counts.
 */
export function versionWasThere(past: PastPackage): RawBuilder<boolean> {
  const named = sql`SELECT tag_event.version ${eventsOf(past)}
    AND tag_event.at <= ${past.asOf} AND tag_event.version IS NOT NULL`;
  return sql`(version.created_at <= ${past.asOf} OR version.name IN (${named}) OR version.name IN (
    SELECT part.target FROM version_link AS part JOIN version AS whole ON whole.id = part.version_id
    WHERE part.package_id = ${past.id} AND part.kind = 'child' AND whole.name IN (${named})))
    AND NOT EXISTS (SELECT 1 ${trashOf(past)} AND deleted_version.name = version.name)`;
}

interface PastTag {
  readonly tag: string;
  readonly version: string;
  /** Of the row that the version is; nothing where the trash has it. */
  readonly versionId: number | null;
  readonly deletedId: number | null;
}

/**
 * Tags as they were, with the ids and the name of what they named, as far as that is there: by what last happened to each until
 * then; else by what it was before the next thing happened; else as it is, since nothing did for as long as is remembered.
 */
export function pastTags(past: PastPackage, among: (tag: RawBuilder<string>) => RawBuilder<boolean>) {
  const { id, repositoryId, name, asOf } = past;
  const event = sql<string>`tag_event.tag`;
  const current = sql<string>`tag.name`;
  return sql<PastTag>`(
    SELECT named.tag AS tag, named.version AS version, version.id AS versionId, deleted_version.id AS deletedId FROM (
      SELECT tag, version, max(id) ${eventsOf(past)} AND at <= ${asOf} AND ${among(event)} GROUP BY tag
      UNION ALL
      SELECT tag, previous, min(id) ${eventsOf(past)} AND at > ${asOf} AND ${among(event)} AND NOT EXISTS (
        SELECT 1 FROM tag_event AS earlier WHERE earlier.repository_id = tag_event.repository_id
          AND earlier.package = tag_event.package AND earlier.tag = tag_event.tag AND earlier.at <= ${asOf})
        GROUP BY tag
      UNION ALL
      SELECT tag.name, held.name, 0 FROM tag JOIN version AS held ON held.id = tag.version_id
        WHERE tag.package_id = ${id} AND ${among(current)} AND NOT EXISTS (
          SELECT 1 ${eventsOf(past)} AND tag_event.tag = tag.name)
    ) AS named
    LEFT JOIN deleted_version ON deleted_version.package = ${name} AND deleted_version.name = named.version
      AND ${deletedLater(repositoryId, asOf)}
    LEFT JOIN version ON version.package_id = ${id} AND version.name = named.version
      AND deleted_version.id IS NULL
    WHERE coalesce(version.id, deleted_version.id) IS NOT NULL)`;
}

/** The last that happened to the package until then, in milliseconds since the epoch. */
export const lastChange = (past: PastPackage): RawBuilder<number | null> =>
  sql`max(coalesce((SELECT max(created_at) FROM version WHERE package_id = ${past.id}
      AND created_at <= ${past.asOf}), 0),
    coalesce((SELECT max(deleted_version.created_at) ${trashOf(past)}), 0),
    coalesce((SELECT max(tag_event.at) ${eventsOf(past)} AND tag_event.at <= ${past.asOf}), 0))`;
