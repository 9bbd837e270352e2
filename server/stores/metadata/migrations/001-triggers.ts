/** Puts a thing on the collector's list, or puts off the review of one that is there already. */
const enqueue = (kind: string, key: string, reason: string, due = NOW) =>
  `INSERT INTO gc_queue (kind, key, due_at, reason) VALUES ('${kind}', ${key}, ${due}, '${reason}')
   ON CONFLICT (kind, key) DO UPDATE SET due_at = max(due_at, excluded.due_at), reason = excluded.reason`;
const NOW = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`;

// Keys of the queue are text. Compared with a number they would be read as numbers, past the index.
/** Versions know how many tags they have, so that those without any are found and not searched for. */
const countTag = (row: 'NEW' | 'OLD', sign: '+' | '-') =>
  `UPDATE version SET tag_count = tag_count ${sign} 1 WHERE id = ${row}.version_id`;

/** The history of tags has every change, by whatever statement; who made it is written by the act's transaction. */
const noteTag = (
  tag: string,
  { version, previous, at }: { readonly version: string; readonly previous: string; readonly at: string },
) =>
  `INSERT INTO tag_event (repository_id, package, tag, version, previous, at)
     SELECT package.repository_id, package.name, ${tag}, ${version}, ${previous}, ${at} FROM package`;

/** What decides whether a credential stands, and what its owner is called. */
const CREDENTIALS: readonly (readonly [event: string, table: string])[] = [
  ['DELETE', 'account'],
  ['UPDATE OF password_hash, disabled, issuer, subject, kind', 'account'],
  ['INSERT', 'group_member'],
  ['DELETE', 'group_member'],
  ['DELETE', 'service_account_key'],
  ['UPDATE', 'service_account_key'],
  ['DELETE', 'access_token'],
  ['UPDATE OF scope, expires_at, account', 'access_token'],
  ['DELETE', 'workload_pool'],
  ['UPDATE', 'workload_pool'],
  ['DELETE', 'workload_provider'],
  ['UPDATE', 'workload_provider'],
];
/** What decides what those that are called so may do. Log-outs are many, and need not cost what was decided. */
const POLICIES: typeof CREDENTIALS = [
  ['INSERT', 'iam_policy'],
  ['UPDATE', 'iam_policy'],
  ['DELETE', 'iam_policy'],
  ['INSERT', 'custom_role'],
  ['UPDATE', 'custom_role'],
  ['DELETE', 'custom_role'],
];
const moving = (revision: 'credentials' | 'policies', deciding: typeof CREDENTIALS): readonly string[] =>
  deciding.map(
    ([event, table], index) =>
      `CREATE TRIGGER ${revision}_moved_${index} AFTER ${event} ON ${table}
       BEGIN UPDATE iam_revision SET ${revision} = ${revision} + 1 WHERE only = 0; END`,
  );

/** Grows whenever what is made of a package's versions and tags may be something else. */
const moveRevision = (row: 'NEW' | 'OLD') =>
  `UPDATE package SET revision = revision + 1 WHERE id = ${row}.package_id`;

/** Grows whenever what is made of the names of a repository's packages is something else. */
const moveNames = (row: 'NEW' | 'OLD') =>
  `UPDATE repository SET names_revision = names_revision + 1 WHERE id = ${row}.repository_id`;

export const TRIGGERS: readonly string[] = [
  ...moving('credentials', CREDENTIALS),
  ...moving('policies', POLICIES),

  `CREATE TRIGGER blob_created AFTER INSERT ON blob BEGIN
     UPDATE gc_state SET blobs = blobs + 1, bytes = bytes + NEW.size WHERE only = 0;
     ${enqueue('blob', 'NEW.digest', 'created')}; END`,
  `CREATE TRIGGER blob_removed AFTER DELETE ON blob BEGIN
     UPDATE gc_state SET blobs = blobs - 1, bytes = bytes - OLD.size WHERE only = 0;
     DELETE FROM gc_queue WHERE kind IN ('blob', 'sweep') AND key = OLD.digest; END`,
  // The lease on a deletion is one on the generation that is deleted; the next one does not wait for it.
  `CREATE TRIGGER blob_revived AFTER UPDATE OF state ON blob WHEN OLD.state <> 'live' AND NEW.state = 'live' BEGIN
     DELETE FROM gc_queue WHERE kind = 'sweep' AND key = NEW.digest; END`,
  `CREATE TRIGGER blob_resized AFTER UPDATE OF size ON blob WHEN NEW.size <> OLD.size BEGIN
     UPDATE gc_state SET bytes = bytes + NEW.size - OLD.size WHERE only = 0; END`,

  `CREATE TRIGGER file_leased AFTER INSERT ON file WHEN NEW.lease_until IS NOT NULL BEGIN
     ${enqueue('file', 'NEW.id', 'lease', 'NEW.lease_until')}; END`,
  `CREATE TRIGGER file_lease_renewed AFTER UPDATE OF lease_until ON file WHEN NEW.lease_until IS NOT NULL BEGIN
     ${enqueue('file', 'NEW.id', 'lease', 'NEW.lease_until')}; END`,
  `CREATE TRIGGER file_moved AFTER UPDATE OF blob_digest ON file WHEN NEW.blob_digest <> OLD.blob_digest BEGIN
     ${enqueue('blob', 'OLD.blob_digest', 'replaced')}; END`,
  `CREATE TRIGGER file_removed AFTER DELETE ON file BEGIN
     DELETE FROM gc_queue WHERE kind = 'file' AND key = CAST(OLD.id AS TEXT);
     ${enqueue('blob', 'OLD.blob_digest', 'released')}; END`,

  `CREATE TRIGGER file_awaited AFTER INSERT ON file BEGIN
     INSERT INTO version_use (version_id, file_id) SELECT version_id, NEW.id FROM awaited_file
       WHERE repository_id = NEW.repository_id AND path = NEW.path;
     DELETE FROM awaited_file WHERE repository_id = NEW.repository_id AND path = NEW.path; END`,

  `CREATE TRIGGER deleted_file_gone AFTER DELETE ON deleted_file BEGIN
     ${enqueue('blob', 'OLD.blob_digest', 'purged')}; END`,
  `CREATE TRIGGER deleted_version_gone AFTER DELETE ON deleted_version BEGIN
     DELETE FROM deleted_package WHERE repository_id = OLD.repository_id AND name = OLD.package AND NOT EXISTS (
       SELECT 1 FROM deleted_version WHERE repository_id = OLD.repository_id AND package = OLD.package); END`,

  `CREATE TRIGGER document_removed AFTER DELETE ON document WHEN OLD.blob_digest IS NOT NULL BEGIN
     ${enqueue('blob', 'OLD.blob_digest', 'document removed')}; END`,
  `CREATE TRIGGER document_replaced AFTER UPDATE OF blob_digest ON document
     WHEN OLD.blob_digest IS NOT NULL AND NEW.blob_digest IS NOT OLD.blob_digest BEGIN
     ${enqueue('blob', 'OLD.blob_digest', 'document replaced')}; END`,

  `CREATE TRIGGER package_moved_by_version AFTER INSERT ON version BEGIN ${moveRevision('NEW')}; END`,
  `CREATE TRIGGER package_moved_by_change AFTER UPDATE OF attributes, size ON version BEGIN ${moveRevision('NEW')}; END`,
  `CREATE TRIGGER package_moved_by_removal AFTER DELETE ON version BEGIN ${moveRevision('OLD')}; END`,
  `CREATE TRIGGER package_moved_by_tag AFTER INSERT ON tag BEGIN ${moveRevision('NEW')}; END`,
  `CREATE TRIGGER package_moved_by_retag AFTER UPDATE OF version_id ON tag BEGIN ${moveRevision('NEW')}; END`,
  `CREATE TRIGGER package_moved_by_untag AFTER DELETE ON tag BEGIN ${moveRevision('OLD')}; END`,
  `CREATE TRIGGER package_moved_by_itself AFTER UPDATE OF attributes ON package BEGIN
     UPDATE package SET revision = revision + 1 WHERE id = NEW.id; END`,
  `CREATE TRIGGER names_moved_by_package AFTER INSERT ON package WHEN NEW.published_at IS NOT NULL BEGIN
     ${moveNames('NEW')}; END`,
  `CREATE TRIGGER names_moved_by_publication AFTER UPDATE OF published_at ON package
     WHEN OLD.published_at IS NULL AND NEW.published_at IS NOT NULL BEGIN ${moveNames('NEW')}; END`,
  `CREATE TRIGGER names_moved_by_removal AFTER DELETE ON package WHEN OLD.published_at IS NOT NULL BEGIN
     ${moveNames('OLD')}; END`,
  `CREATE TRIGGER package_text_gone AFTER DELETE ON package BEGIN
     DELETE FROM package_text WHERE rowid = OLD.id; END`,
  `CREATE TRIGGER package_emptied AFTER DELETE ON package BEGIN
     DELETE FROM document WHERE repository_id = OLD.repository_id AND key = OLD.name; END`,

  `CREATE TRIGGER use_released AFTER DELETE ON version_use BEGIN
     ${enqueue('file', 'OLD.file_id', 'released')}; END`,

  `CREATE TRIGGER tag_kept BEFORE UPDATE OF version_id ON tag
     WHEN NEW.version_id <> OLD.version_id
       AND EXISTS (SELECT 1 FROM held_tag WHERE package_id = OLD.package_id AND name = OLD.name)
     BEGIN SELECT RAISE(ABORT, 'immutable tag'); END`,
  `CREATE TRIGGER tag_counted AFTER INSERT ON tag BEGIN ${countTag('NEW', '+')}; END`,
  `CREATE TRIGGER tag_recounted AFTER UPDATE OF version_id ON tag WHEN NEW.version_id <> OLD.version_id BEGIN
     ${countTag('OLD', '-')};
     ${countTag('NEW', '+')}; END`,
  `CREATE TRIGGER tag_uncounted AFTER DELETE ON tag BEGIN ${countTag('OLD', '-')}; END`,

  `CREATE TRIGGER tag_set_noted AFTER INSERT ON tag BEGIN
     ${noteTag('NEW.name', { version: 'came.name', previous: 'NULL', at: 'NEW.updated_at' })}
     JOIN version AS came ON came.id = NEW.version_id
     WHERE package.id = NEW.package_id; END`,
  `CREATE TRIGGER tag_move_noted AFTER UPDATE OF version_id ON tag WHEN NEW.version_id <> OLD.version_id BEGIN
     ${noteTag('NEW.name', { version: 'came.name', previous: 'went.name', at: 'NEW.updated_at' })}
     JOIN version AS came ON came.id = NEW.version_id
     JOIN version AS went ON went.id = OLD.version_id
     WHERE package.id = NEW.package_id; END`,
  `CREATE TRIGGER tag_removal_noted AFTER DELETE ON tag BEGIN
     ${noteTag('OLD.name', { version: 'NULL', previous: 'went.name', at: NOW })}
     JOIN version AS went ON went.id = OLD.version_id
     WHERE package.id = OLD.package_id; END`,
  // Its tags go after it, when nothing tells any more what they named.
  `CREATE TRIGGER version_removal_noted BEFORE DELETE ON version WHEN OLD.tag_count > 0 BEGIN
     ${noteTag('tag.name', { version: 'NULL', previous: 'OLD.name', at: NOW })}
     JOIN tag ON tag.package_id = package.id AND tag.version_id = OLD.id
     WHERE package.id = OLD.package_id; END`,
];
