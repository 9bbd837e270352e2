/** What is kept of indexes and of other servers. */
export const COPIES: readonly string[] = [
  // Indexes as they are sent to clients, or as an upstream sent them. Each can be made again.
  `CREATE TABLE document (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    form TEXT NOT NULL,
    source TEXT NOT NULL,
    layouts TEXT NOT NULL,
    blob_digest TEXT REFERENCES blob(digest),
    stored_at INTEGER NOT NULL,
    body BLOB,
    UNIQUE (repository_id, key, kind, form),
    CHECK ((blob_digest IS NULL) <> (body IS NULL))
  ) STRICT`,
  `CREATE INDEX document_by_blob ON document (blob_digest) WHERE blob_digest IS NOT NULL`,
  // What an upstream said last of something that is copied from it.
  `CREATE TABLE upstream_state (
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    what TEXT NOT NULL,
    etag TEXT,
    last_modified TEXT,
    validated_at INTEGER NOT NULL,
    PRIMARY KEY (repository_id, what)
  ) STRICT, WITHOUT ROWID`,
  // Whoever fetches something, so that nobody else does.
  `CREATE TABLE upstream_fetch (
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    what TEXT NOT NULL,
    owner TEXT NOT NULL,
    upload TEXT,
    size INTEGER,
    lease_until INTEGER NOT NULL,
    PRIMARY KEY (repository_id, what)
  ) STRICT, WITHOUT ROWID`,
  // What is copied beforehand, by whichever process has the lease. How often it was begun says whether it ends processes.
  `CREATE TABLE prefetch (
    operation_id TEXT PRIMARY KEY REFERENCES operation(id) ON DELETE CASCADE,
    project TEXT NOT NULL,
    location TEXT NOT NULL,
    repository TEXT NOT NULL,
    artifacts TEXT NOT NULL,
    begun INTEGER NOT NULL,
    lease_until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  // What a file from an upstream was the first time it was seen; kept though the file goes.
  `CREATE TABLE first_seen (
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    digest TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (repository_id, path)
  ) STRICT, WITHOUT ROWID`,
  // Credentials for upstreams, sealed with the installation's key.
  `CREATE TABLE upstream_secret (
    repository_id INTEGER PRIMARY KEY REFERENCES repository(id) ON DELETE CASCADE,
    sealed TEXT NOT NULL
  ) STRICT`,
];
