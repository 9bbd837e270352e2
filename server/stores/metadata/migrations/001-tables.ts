/** Tables and the indexes that their look-ups, their lists and the collector need. */
export const TABLES: readonly string[] = [
  `CREATE TABLE project (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    labels TEXT NOT NULL DEFAULT '{}',
    settings TEXT NOT NULL DEFAULT '{}',
    max_bytes INTEGER,
    max_versions INTEGER,
    size_bytes INTEGER NOT NULL DEFAULT 0,
    unique_bytes INTEGER NOT NULL DEFAULT 0,
    version_count INTEGER NOT NULL DEFAULT 0,
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
    immutable_tag_patterns TEXT NOT NULL DEFAULT '[]',
    max_bytes INTEGER,
    max_versions INTEGER,
    size_bytes INTEGER NOT NULL DEFAULT 0,
    unique_bytes INTEGER NOT NULL DEFAULT 0,
    version_count INTEGER NOT NULL DEFAULT 0,
    names_revision INTEGER NOT NULL DEFAULT 0,
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
    attributes TEXT NOT NULL DEFAULT '{}',
    revision INTEGER NOT NULL DEFAULT 0,
    size_bytes INTEGER NOT NULL DEFAULT 0,
    unique_bytes INTEGER NOT NULL DEFAULT 0,
    version_count INTEGER NOT NULL DEFAULT 0,
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
  // Tags that are neither moved nor removed.
  `CREATE VIEW held_tag AS
    SELECT tag.package_id, tag.name, tag.version_id FROM tag
    JOIN package ON package.id = tag.package_id
    JOIN repository ON repository.id = package.repository_id
    WHERE repository.immutable_tags = 1 AND (repository.immutable_tag_patterns = '[]' OR EXISTS (
      SELECT 1 FROM json_each(repository.immutable_tag_patterns) WHERE tag.name GLOB json_each.value))`,
  // By name, since it outlives the tag, its versions and the package.
  `CREATE TABLE tag_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL,
    package TEXT NOT NULL,
    tag TEXT NOT NULL,
    version TEXT,
    previous TEXT,
    member TEXT,
    at INTEGER NOT NULL
  ) STRICT`,
  `CREATE INDEX tag_event_by_package ON tag_event (repository_id, package, id)`,
  `CREATE INDEX tag_event_by_tag ON tag_event (repository_id, package, tag, id)`,

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
  // As much of it as tells blobs apart: an index is as long as what it orders.
  `CREATE INDEX blob_by_sha512 ON blob (substr(sha512, 1, 32)) WHERE sha512 IS NOT NULL`,
  `CREATE INDEX blob_by_state ON blob (state, size) WHERE state <> 'live'`,

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
  `CREATE INDEX file_by_blob ON file (blob_digest, repository_id, package_id)`,
  `CREATE INDEX file_by_version ON file (version_id, path)`,
  `CREATE INDEX file_by_creation ON file (repository_id, created_at, path)`,
  `CREATE INDEX file_by_update ON file (repository_id, updated_at, path)`,
  `CREATE INDEX file_by_package ON file (package_id, blob_digest)`,
  // In how many of its repositories a project has a blob, and the sum of their ids.
  `CREATE TABLE project_blob (
    digest TEXT NOT NULL,
    project TEXT NOT NULL,
    repositories INTEGER NOT NULL,
    repository_ids INTEGER NOT NULL,
    PRIMARY KEY (digest, project)
  ) STRICT, WITHOUT ROWID`,

  `CREATE TABLE version_use (
    version_id INTEGER NOT NULL REFERENCES version(id) ON DELETE CASCADE,
    file_id INTEGER NOT NULL REFERENCES file(id) ON DELETE CASCADE,
    PRIMARY KEY (version_id, file_id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX version_use_by_file ON version_use (file_id)`,

  // Files that a version is made of and that have not come yet.
  `CREATE TABLE awaited_file (
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    version_id INTEGER NOT NULL REFERENCES version(id) ON DELETE CASCADE,
    PRIMARY KEY (repository_id, path, version_id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX awaited_file_by_version ON awaited_file (version_id)`,

  `CREATE TABLE version_link (
    package_id INTEGER NOT NULL REFERENCES package(id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('child', 'subject', 'companion')),
    target TEXT NOT NULL,
    version TEXT NOT NULL,
    version_id INTEGER NOT NULL REFERENCES version(id) ON DELETE CASCADE,
    PRIMARY KEY (package_id, kind, target, version)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX version_link_by_version ON version_link (version_id)`,

  `CREATE TABLE account (
    id TEXT PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('user', 'service-account')),
    project TEXT REFERENCES project(id),
    display_name TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    password_hash TEXT,
    issuer TEXT,
    subject TEXT,
    disabled INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (issuer, subject),
    CHECK ((kind = 'service-account') = (project IS NOT NULL))
  ) STRICT, WITHOUT ROWID`,
  `CREATE UNIQUE INDEX account_in_any_case ON account (lower(id))`,
  `CREATE INDEX account_by_project ON account (project, id) WHERE project IS NOT NULL`,

  `CREATE TABLE account_group (
    id TEXT PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE UNIQUE INDEX account_group_in_any_case ON account_group (lower(id))`,
  `CREATE TABLE group_member (
    account TEXT NOT NULL REFERENCES account(id) ON DELETE CASCADE,
    group_id TEXT NOT NULL REFERENCES account_group(id) ON DELETE CASCADE,
    source TEXT NOT NULL CHECK (source IN ('manual', 'claim')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, group_id, source)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX group_member_by_group ON group_member (group_id, account)`,

  `CREATE TABLE service_account_key (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account(id) ON DELETE CASCADE,
    algorithm TEXT NOT NULL,
    public_key TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('GOOGLE_PROVIDED', 'USER_PROVIDED')),
    disabled INTEGER NOT NULL DEFAULT 0,
    valid_after INTEGER NOT NULL,
    valid_before INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX service_account_key_by_account ON service_account_key (account, id)`,

  // An identity that is no account stands in the token itself.
  `CREATE TABLE access_token (
    hash TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('login', 'session', 'personal', 'service-account', 'federated', 'impersonated')),
    account TEXT REFERENCES account(id) ON DELETE CASCADE,
    identity TEXT,
    name TEXT NOT NULL DEFAULT '',
    scope TEXT,
    family TEXT,
    key_id TEXT REFERENCES service_account_key(id) ON DELETE CASCADE,
    parent TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    idle_ms INTEGER,
    last_used_at INTEGER,
    CHECK ((account IS NULL) = (identity IS NOT NULL))
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX access_token_by_account ON access_token (account, created_at, id)`,
  `CREATE INDEX access_token_by_expiry ON access_token (expires_at)`,
  `CREATE INDEX access_token_by_family ON access_token (family) WHERE family IS NOT NULL`,
  `CREATE INDEX access_token_by_parent ON access_token (parent) WHERE parent IS NOT NULL`,
  `CREATE INDEX access_token_by_key ON access_token (key_id) WHERE key_id IS NOT NULL`,

  // A used one stays until it would have expired, so that showing it again is noticed.
  `CREATE TABLE refresh_token (
    hash TEXT PRIMARY KEY,
    family TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES account(id) ON DELETE CASCADE,
    login_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX refresh_token_by_family ON refresh_token (family)`,
  `CREATE INDEX refresh_token_by_account ON refresh_token (account)`,
  `CREATE INDEX refresh_token_by_expiry ON refresh_token (expires_at)`,

  // Whatever is good for one use: codes, states, token ids that must not come again.
  `CREATE TABLE one_time (
    hash TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX one_time_by_expiry ON one_time (expires_at)`,
  `CREATE INDEX one_time_by_account ON one_time (coalesce(payload ->> '$.account', payload ->> '$.answer.account'))
     WHERE kind IN ('authorization-code', 'device-code')`,

  `CREATE TABLE iam_policy (
    resource TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    bindings TEXT NOT NULL,
    audit_configs TEXT NOT NULL DEFAULT '[]'
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE custom_role (
    name TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    stage TEXT NOT NULL,
    permissions TEXT NOT NULL,
    revision INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE iam_revision (
    only INTEGER PRIMARY KEY CHECK (only = 0),
    credentials INTEGER NOT NULL,
    policies INTEGER NOT NULL
  ) STRICT`,
  `INSERT INTO iam_revision VALUES (0, 1, 1)`,

  `CREATE TABLE workload_pool (
    project TEXT NOT NULL REFERENCES project(id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    display_name TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    disabled INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (project, id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE workload_provider (
    project TEXT NOT NULL,
    pool TEXT NOT NULL,
    id TEXT NOT NULL,
    display_name TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    disabled INTEGER NOT NULL DEFAULT 0,
    config TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (project, pool, id),
    FOREIGN KEY (project, pool) REFERENCES workload_pool(project, id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID`,

  // What was done never changes, and how it ended only from unfinished, or from done to failed.
  `CREATE TABLE audit_entry (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    project TEXT NOT NULL,
    log TEXT NOT NULL CHECK (log IN ('activity', 'data_access')),
    lasting INTEGER NOT NULL,
    service TEXT NOT NULL,
    method TEXT NOT NULL,
    resource TEXT NOT NULL,
    email TEXT NOT NULL,
    subject TEXT NOT NULL,
    peer TEXT NOT NULL,
    details TEXT NOT NULL,
    code INTEGER NOT NULL,
    message TEXT NOT NULL,
    response TEXT
  ) STRICT`,
  `CREATE INDEX audit_entry_by_time ON audit_entry (at, seq)`,
  `CREATE INDEX audit_entry_by_project ON audit_entry (project, at, seq)`,
  `CREATE INDEX audit_entry_by_email ON audit_entry (email, at, seq)`,
  `CREATE INDEX audit_entry_by_method ON audit_entry (method, at, seq)`,
  `CREATE INDEX audit_entry_by_resource ON audit_entry (resource, at, seq)`,
  `CREATE INDEX audit_entry_by_retention ON audit_entry (lasting, at)`,
  // Entries before this instant, in milliseconds since the epoch, may go.
  `CREATE TABLE audit_retention (
    lasting INTEGER PRIMARY KEY,
    before INTEGER NOT NULL
  ) STRICT`,
  `CREATE TRIGGER audit_entry_kept BEFORE UPDATE OF
     seq, id, at, project, log, lasting, service, method, resource, email, subject, peer, details ON audit_entry
     BEGIN SELECT RAISE(ABORT, 'audit entries are not changed'); END`,
  `CREATE TRIGGER audit_outcome_kept BEFORE UPDATE OF code, message, response ON audit_entry
     WHEN NOT (OLD.code = 2 OR (OLD.code = 0 AND NEW.code NOT IN (0, 2)))
     BEGIN SELECT RAISE(ABORT, 'outcomes of audit entries are not changed'); END`,
  `CREATE TRIGGER audit_entry_retained BEFORE DELETE ON audit_entry
     WHEN OLD.at >= coalesce((SELECT before FROM audit_retention WHERE lasting = OLD.lasting), 0)
     BEGIN SELECT RAISE(ABORT, 'audit entries are kept for as long as the retention says'); END`,
  `CREATE TABLE operation (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL,
    location TEXT NOT NULL,
    account TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX operation_by_age ON operation (created_at)`,

  // Applications of a repository's cleanup policies, of which one is on at a time.
  `CREATE TABLE cleanup_run (
    id TEXT PRIMARY KEY,
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    began_by TEXT NOT NULL CHECK (began_by IN ('SCHEDULE', 'REQUEST')),
    dry_run INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('RUNNING', 'DONE', 'INTERRUPTED', 'FAILED')),
    message TEXT,
    counts TEXT NOT NULL,
    unlisted INTEGER NOT NULL DEFAULT 0,
    operation TEXT,
    started_at INTEGER NOT NULL,
    touched_at INTEGER NOT NULL,
    ended_at INTEGER
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX cleanup_run_by_repository ON cleanup_run (repository_id, started_at, id)`,
  `CREATE UNIQUE INDEX cleanup_run_that_is_on ON cleanup_run (repository_id) WHERE outcome = 'RUNNING'`,
  `CREATE TABLE cleanup_decision (
    run_id TEXT NOT NULL REFERENCES cleanup_run(id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    package TEXT NOT NULL,
    version TEXT NOT NULL,
    tags TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    pulled_at INTEGER,
    size INTEGER NOT NULL,
    action TEXT NOT NULL,
    reason TEXT NOT NULL,
    policy TEXT,
    because TEXT,
    PRIMARY KEY (run_id, position)
  ) STRICT, WITHOUT ROWID`,

  `CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    payload TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT`,
];
