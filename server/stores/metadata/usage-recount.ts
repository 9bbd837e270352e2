/** Of a repository, with its trash. */
const FILES = `(SELECT repository_id, blob_digest FROM file UNION ALL SELECT repository_id, blob_digest FROM deleted_file) AS held`;
const KEPT = `(SELECT id, repository_id FROM version UNION SELECT version_id, repository_id FROM deleted_version) AS kept`;

/** Who has which blob, below which parent. */
const HELD = {
  package: `SELECT DISTINCT package_id AS holder, repository_id AS parent, blob_digest AS digest FROM file
    WHERE package_id IS NOT NULL`,
  repository: `SELECT DISTINCT repository_id AS holder, repository.project AS parent, blob_digest AS digest
    FROM ${FILES} JOIN repository ON repository.id = held.repository_id`,
  project: `SELECT DISTINCT repository.project AS holder, '' AS parent, held.blob_digest AS digest
    FROM ${FILES} JOIN repository ON repository.id = held.repository_id`,
} as const;
export type Counted = keyof typeof HELD;
export const COUNTED = ['package', 'repository', 'project'] as const satisfies readonly Counted[];

const VERSIONS: Readonly<Record<Counted, string>> = {
  package: `SELECT package_id AS holder, count(*) AS versions FROM version GROUP BY package_id`,
  repository: `SELECT repository_id AS holder, count(*) AS versions FROM ${KEPT} GROUP BY repository_id`,
  project: `SELECT repository.project AS holder, count(*) AS versions
    FROM ${KEPT} JOIN repository ON repository.id = kept.repository_id GROUP BY repository.project`,
};

const PLACE: Readonly<Record<Counted, string>> = {
  package: `(SELECT project || '/' || location || '/' || repository.name || '/' || package.name FROM repository
    WHERE repository.id = package.repository_id)`,
  repository: `project || '/' || location || '/' || name`,
  project: 'id',
};

/** A row whose counters are not what a look at everything finds. */
export interface Miscount {
  readonly id: number | string;
  readonly place: string;
  readonly size_bytes: number;
  readonly unique_bytes: number;
  readonly version_count: number;
  readonly size: number;
  readonly alone: number;
  readonly versions: number;
}

/** What triggers count, counted anew: the rows that say something else. Reads every file and version there is. */
export const miscounts = (table: Counted): string => `
  WITH held AS MATERIALIZED (${HELD[table]}),
    shared AS MATERIALIZED (SELECT parent, digest, count(*) AS holders FROM held GROUP BY parent, digest),
    bytes AS MATERIALIZED (SELECT holder, sum(size) AS size, sum(iif(holders = 1, size, 0)) AS alone
      FROM held JOIN shared USING (parent, digest) JOIN blob USING (digest) GROUP BY holder),
    numbers AS MATERIALIZED (${VERSIONS[table]})
  SELECT id, ${PLACE[table]} AS place, size_bytes, unique_bytes, version_count,
    coalesce(bytes.size, 0) AS size, coalesce(alone, 0) AS alone, coalesce(versions, 0) AS versions
  FROM ${table} LEFT JOIN bytes ON bytes.holder = id LEFT JOIN numbers ON numbers.holder = id
  WHERE (size_bytes, unique_bytes, version_count) <> (coalesce(bytes.size, 0), coalesce(alone, 0), coalesce(versions, 0))
  ORDER BY place`;

/** The rows of `project_blob` that are wrong, too many or missing. */
export const MISPLACED = `
  WITH held AS (${HELD.repository}),
    actual AS MATERIALIZED (SELECT digest, parent AS project, count(*) AS repositories, sum(holder) AS repository_ids
      FROM held GROUP BY digest, parent)
  SELECT coalesce(actual.digest, project_blob.digest) AS digest,
    coalesce(actual.project, project_blob.project) AS project, actual.repositories, actual.repository_ids
  FROM actual FULL JOIN project_blob
    ON project_blob.digest = actual.digest AND project_blob.project = actual.project
  WHERE (actual.repositories, actual.repository_ids)
    IS NOT (project_blob.repositories, project_blob.repository_ids)`;
