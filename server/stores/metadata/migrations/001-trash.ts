/** Deleted versions that can be had back. They are in tables of their own, so no query for what is there can find them. */
export const TRASH: readonly string[] = [
  `CREATE TABLE deleted_version (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    version_id INTEGER NOT NULL UNIQUE,
    package TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    attributes TEXT NOT NULL,
    annotations TEXT NOT NULL,
    size INTEGER NOT NULL,
    tags TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    pulled_at INTEGER,
    deleted_at INTEGER NOT NULL,
    purge_at INTEGER NOT NULL,
    member TEXT
  ) STRICT`,
  `CREATE INDEX deleted_version_by_repository ON deleted_version (repository_id, id)`,
  `CREATE INDEX deleted_version_by_name ON deleted_version (repository_id, package, name, id)`,
  `CREATE INDEX deleted_version_by_package ON deleted_version (repository_id, package, id)`,
  `CREATE INDEX deleted_version_by_purge ON deleted_version (purge_at)`,
  // Its own files, and with own = 0 those it shares with others, such as layers.
  `CREATE TABLE deleted_file (
    deleted_id INTEGER NOT NULL REFERENCES deleted_version(id) ON DELETE CASCADE,
    repository_id INTEGER NOT NULL,
    path TEXT NOT NULL,
    own INTEGER NOT NULL,
    content_type TEXT,
    blob_digest TEXT NOT NULL REFERENCES blob(digest),
    annotations TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (deleted_id, path)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX deleted_file_by_blob ON deleted_file (blob_digest, repository_id)`,
  `CREATE INDEX deleted_file_by_path ON deleted_file (repository_id, path)`,
  `CREATE TABLE deleted_link (
    deleted_id INTEGER NOT NULL REFERENCES deleted_version(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    PRIMARY KEY (deleted_id, kind, target)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX deleted_link_by_target ON deleted_link (target, kind, deleted_id)`,
  // What a package was that was deleted, for as long as versions of it can be had back.
  `CREATE TABLE deleted_package (
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    attributes TEXT NOT NULL,
    annotations TEXT NOT NULL,
    text TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (repository_id, name)
  ) STRICT, WITHOUT ROWID`,
];
