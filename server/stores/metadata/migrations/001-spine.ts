import { type Kysely, sql } from 'kysely';

const TABLES = [
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

  `CREATE TABLE version (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    package_id INTEGER NOT NULL REFERENCES package(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    attributes TEXT NOT NULL,
    annotations TEXT NOT NULL DEFAULT '{}',
    size INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (package_id, name)
  ) STRICT`,
  `CREATE INDEX version_by_creation ON version (package_id, created_at, name)`,
  `CREATE INDEX version_by_update ON version (package_id, updated_at, name)`,

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
  `CREATE INDEX file_by_version ON file (version_id)`,
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

  `CREATE TABLE operation (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL,
    location TEXT NOT NULL,
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

/** Puts a thing on the collector's list, or puts off the review of one that is there already. */
const enqueue = (kind: string, key: string, reason: string, due = NOW) =>
  `INSERT INTO gc_queue (kind, key, due_at, reason) VALUES ('${kind}', ${key}, ${due}, '${reason}')
   ON CONFLICT (kind, key) DO UPDATE SET due_at = max(due_at, excluded.due_at), reason = excluded.reason`;
const NOW = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`;

/** Storage is counted when the first file of a repository names a blob and given back with the last. */
const othersNameBlob = (row: string) =>
  `EXISTS (SELECT 1 FROM file WHERE blob_digest = ${row}.blob_digest
           AND repository_id = ${row}.repository_id AND id <> ${row}.id)`;
const addSize = (row: string, sign: '+' | '-') =>
  `UPDATE repository SET size_bytes = size_bytes ${sign}
     (SELECT size FROM blob WHERE digest = ${row}.blob_digest)
   WHERE id = ${row}.repository_id AND NOT ${othersNameBlob(row)}`;

// Keys of the queue are text. Compared with a number they would be read as numbers, past the index.
const TRIGGERS = [
  `CREATE TRIGGER blob_created AFTER INSERT ON blob BEGIN ${enqueue('blob', 'NEW.digest', 'created')}; END`,

  `CREATE TRIGGER file_created AFTER INSERT ON file BEGIN ${addSize('NEW', '+')}; END`,
  `CREATE TRIGGER file_leased AFTER INSERT ON file WHEN NEW.lease_until IS NOT NULL BEGIN
     ${enqueue('file', 'NEW.id', 'lease', 'NEW.lease_until')}; END`,
  `CREATE TRIGGER file_lease_renewed AFTER UPDATE OF lease_until ON file WHEN NEW.lease_until IS NOT NULL BEGIN
     ${enqueue('file', 'NEW.id', 'lease', 'NEW.lease_until')}; END`,
  `CREATE TRIGGER file_moved AFTER UPDATE OF blob_digest ON file WHEN NEW.blob_digest <> OLD.blob_digest BEGIN
     ${addSize('OLD', '-')};
     ${addSize('NEW', '+')};
     ${enqueue('blob', 'OLD.blob_digest', 'replaced')}; END`,
  `CREATE TRIGGER file_removed AFTER DELETE ON file BEGIN
     ${addSize('OLD', '-')};
     DELETE FROM gc_queue WHERE kind = 'file' AND key = CAST(OLD.id AS TEXT);
     ${enqueue('blob', 'OLD.blob_digest', 'released')}; END`,

  `CREATE TRIGGER version_created AFTER INSERT ON version BEGIN ${enqueue('version', 'NEW.id', 'created')}; END`,
  `CREATE TRIGGER version_removed AFTER DELETE ON version BEGIN
     DELETE FROM gc_queue WHERE kind = 'version' AND key = CAST(OLD.id AS TEXT); END`,
  `CREATE TRIGGER use_released AFTER DELETE ON version_use BEGIN
     ${enqueue('file', 'OLD.file_id', 'released')}; END`,
  `CREATE TRIGGER child_released AFTER DELETE ON version_link BEGIN
     INSERT INTO gc_queue (kind, key, due_at, reason)
       SELECT 'version', id, ${NOW}, 'released' FROM version
       WHERE package_id = OLD.package_id AND name = OLD.target
     ON CONFLICT (kind, key) DO UPDATE SET due_at = max(due_at, excluded.due_at), reason = excluded.reason; END`,

  `CREATE TRIGGER tag_kept BEFORE UPDATE OF version_id ON tag
     WHEN NEW.version_id <> OLD.version_id AND (
       SELECT immutable_tags FROM repository JOIN package ON package.repository_id = repository.id
       WHERE package.id = OLD.package_id) = 1
     BEGIN SELECT RAISE(ABORT, 'immutable tag'); END`,
  `CREATE TRIGGER tag_moved AFTER UPDATE OF version_id ON tag WHEN NEW.version_id <> OLD.version_id BEGIN
     ${enqueue('version', 'OLD.version_id', 'tag moved')}; END`,
  `CREATE TRIGGER tag_removed AFTER DELETE ON tag BEGIN
     ${enqueue('version', 'OLD.version_id', 'tag removed')}; END`,
];

export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of [...TABLES, ...TRIGGERS]) await sql.raw(statement).execute(db);
}
