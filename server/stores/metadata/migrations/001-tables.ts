/** Tables and the indexes that their look-ups, their lists and the collector need. */
export const TABLES: readonly string[] = [
  `CREATE TABLE project (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    labels TEXT NOT NULL DEFAULT '{}',
    settings TEXT NOT NULL DEFAULT '{}',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,

  `CREATE TABLE repository (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project TEXT NOT NULL REFERENCES project(id),
    location TEXT NOT NULL,
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    mode TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    labels TEXT NOT NULL DEFAULT '{}',
    config TEXT NOT NULL DEFAULT '{}',
    immutable_tags INTEGER NOT NULL DEFAULT 0,
    size_bytes INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (project, location, name)
  ) STRICT`,
  `CREATE INDEX repository_by_creation ON repository (project, created_at, location, name)`,
  `CREATE INDEX repository_by_update ON repository (project, updated_at, location, name)`,
  `CREATE INDEX repository_in_location_by_creation ON repository (project, location, created_at, name)`,
  `CREATE INDEX repository_in_location_by_update ON repository (project, location, updated_at, name)`,

  `CREATE TABLE package (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    annotations TEXT NOT NULL DEFAULT '{}',
    revision INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    published_at INTEGER,
    UNIQUE (repository_id, name)
  ) STRICT`,
  `CREATE INDEX package_by_creation ON package (repository_id, created_at, name)`,
  `CREATE INDEX package_by_update ON package (repository_id, updated_at, name)`,

  `CREATE TABLE version (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    package_id INTEGER NOT NULL REFERENCES package(id) ON DELETE CASCADE,
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    attributes TEXT NOT NULL,
    annotations TEXT NOT NULL DEFAULT '{}',
    size INTEGER NOT NULL,
    tag_count INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (package_id, name)
  ) STRICT`,
  `CREATE INDEX version_by_creation ON version (package_id, created_at, name)`,
  `CREATE INDEX version_by_update ON version (package_id, updated_at, name)`,
  `CREATE INDEX version_untagged ON version (package_id, name) WHERE tag_count = 0`,
  // The newest versions of a whole repository cannot be found through its packages.
  `CREATE INDEX version_in_repository_by_creation ON version (repository_id, created_at)`,
  `CREATE INDEX version_in_repository_by_update ON version (repository_id, updated_at)`,

  `CREATE TABLE tag (
    package_id INTEGER NOT NULL REFERENCES package(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    version_id INTEGER NOT NULL REFERENCES version(id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (package_id, name)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX tag_by_version ON tag (version_id, name)`,

  `CREATE TABLE blob (
    digest TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    generation TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('live', 'condemned', 'deleting', 'corrupt', 'missing')),
    revision INTEGER NOT NULL DEFAULT 0,
    md5 TEXT,
    sha1 TEXT,
    sha512 TEXT,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX blob_by_sha512 ON blob (sha512) WHERE sha512 IS NOT NULL`,

  `CREATE TABLE file (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    package_id INTEGER REFERENCES package(id) ON DELETE CASCADE,
    version_id INTEGER REFERENCES version(id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    content_type TEXT,
    blob_digest TEXT NOT NULL REFERENCES blob(digest),
    lease_until INTEGER,
    annotations TEXT NOT NULL DEFAULT '{}',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (repository_id, path)
  ) STRICT`,
  `CREATE INDEX file_by_blob ON file (blob_digest, repository_id)`,
  `CREATE INDEX file_by_version ON file (version_id, path)`,
  `CREATE INDEX file_by_creation ON file (repository_id, created_at, path)`,
  `CREATE INDEX file_by_update ON file (repository_id, updated_at, path)`,
  `CREATE INDEX file_by_package ON file (package_id)`,

  `CREATE TABLE version_use (
    version_id INTEGER NOT NULL REFERENCES version(id) ON DELETE CASCADE,
    file_id INTEGER NOT NULL REFERENCES file(id) ON DELETE CASCADE,
    PRIMARY KEY (version_id, file_id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX version_use_by_file ON version_use (file_id)`,

  `CREATE TABLE version_link (
    package_id INTEGER NOT NULL REFERENCES package(id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('child', 'subject')),
    target TEXT NOT NULL,
    version TEXT NOT NULL,
    version_id INTEGER NOT NULL REFERENCES version(id) ON DELETE CASCADE,
    PRIMARY KEY (package_id, kind, target, version)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX version_link_by_version ON version_link (version_id)`,

  `CREATE TABLE account (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('user', 'service-account')),
    password_hash TEXT,
    disabled INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,

  `CREATE TABLE access_token (
    hash TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES account(id) ON DELETE CASCADE,
    scopes TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_used_at INTEGER
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX access_token_by_account ON access_token (account)`,
  `CREATE INDEX access_token_by_expiry ON access_token (expires_at)`,

  `CREATE TABLE role_binding (
    resource TEXT NOT NULL,
    role TEXT NOT NULL,
    member TEXT NOT NULL,
    PRIMARY KEY (member, resource, role)
  ) STRICT, WITHOUT ROWID`,
  // Grants go with what they were given on, so that a name used again starts without any.
  `CREATE INDEX role_binding_by_resource ON role_binding (resource)`,

  `CREATE TABLE operation (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL,
    location TEXT NOT NULL,
    account TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX operation_by_age ON operation (created_at)`,

  `CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    payload TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT`,

  `CREATE TABLE gc_queue (
    kind TEXT NOT NULL CHECK (kind IN ('blob', 'file', 'version')),
    key TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX gc_queue_by_due ON gc_queue (due_at)`,
];
