/** What the collector of garbage keeps, and the scrub. */
export const COLLECTION: readonly string[] = [
  `CREATE TABLE gc_queue (
    kind TEXT NOT NULL CHECK (kind IN ('blob', 'file', 'sweep')),
    key TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX gc_queue_by_due ON gc_queue (kind, due_at)`,
  `CREATE TABLE gc_state (
    only INTEGER PRIMARY KEY CHECK (only = 0),
    blobs INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    freed_blobs INTEGER NOT NULL DEFAULT 0,
    freed_bytes INTEGER NOT NULL DEFAULT 0,
    window_from INTEGER NOT NULL DEFAULT 0,
    window_base INTEGER NOT NULL DEFAULT 0,
    window_taken INTEGER NOT NULL DEFAULT 0,
    reconciled_at INTEGER NOT NULL DEFAULT 0
  ) STRICT`,
  `INSERT INTO gc_state (only) VALUES (0)`,
  `CREATE TABLE gc_run (
    id TEXT PRIMARY KEY,
    requested_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    forced INTEGER NOT NULL,
    report TEXT NOT NULL,
    error TEXT
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX gc_run_by_request ON gc_run (requested_at, id)`,
  `CREATE INDEX gc_run_open ON gc_run (id) WHERE ended_at IS NULL`,
  `CREATE TABLE freed_blob (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    generation TEXT NOT NULL,
    freed_at INTEGER NOT NULL,
    run TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX freed_blob_by_digest ON freed_blob (digest, seq)`,
  `CREATE TABLE scrub_state (
    only INTEGER PRIMARY KEY CHECK (only = 0),
    requested_at INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    lease_until INTEGER NOT NULL DEFAULT 0,
    pass_from INTEGER,
    pass_blobs INTEGER NOT NULL DEFAULT 0,
    pass_bytes INTEGER NOT NULL DEFAULT 0,
    cursor TEXT NOT NULL DEFAULT '',
    hurried INTEGER NOT NULL DEFAULT 0,
    last_from INTEGER,
    last_to INTEGER,
    last_blobs INTEGER NOT NULL DEFAULT 0,
    last_bytes INTEGER NOT NULL DEFAULT 0
  ) STRICT`,
  `INSERT INTO scrub_state (only) VALUES (0)`,
  // When versions were pulled, to the hour. Apart from them, so that a pull is no change of what is published.
  `CREATE TABLE version_pull (
    version_id INTEGER PRIMARY KEY REFERENCES version(id) ON DELETE CASCADE,
    at INTEGER NOT NULL
  ) STRICT`,
];
