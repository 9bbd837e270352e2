import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Purged } from '../../core/remote-caches.ts';
import { PURGES } from './copy-tables.ts';
import { inSteps, STEP, stepOf } from './resources/in-steps.ts';
import type { Schema } from './schema.ts';
import type { Transactions } from './transactions.ts';

type Tx = Transaction<Schema>;

export interface CopyPurge {
  readonly repositoryId: number;
  readonly now: number;
  /** Another one each time. */
  readonly id: string;
}

/** A path, and the tag that it follows, where it does. */
export interface PurgedPath {
  readonly path: string;
  readonly tag?: { readonly package: string; readonly name: string };
}

/** The newest rows that a purge is about: what is fetched while it goes on stays. */
interface Until {
  readonly document: number;
  readonly version: number;
  readonly file: number;
  readonly package: number;
}

/**
 * Forgets every copy of a repository, or of one package, in steps between which others write. A version goes with all of its
 * files at once. What files were first stays known. Repeating what was interrupted finishes it.
 */
export function purgeInSteps(database: Transactions, purge: CopyPurge, pkg?: string): Promise<Purged> {
  let until: Until | undefined;
  let purged: Purged = { files: 0, indexes: 0 };
  const step = async (tx: Tx): Promise<Purged | undefined> => {
    await note(tx, purge);
    until ??= await newest(tx);
    const { files, indexes, isLast } = await purgeStep(tx, { ...purge, until, pkg });
    purged = { files: purged.files + files, indexes: purged.indexes + indexes };
    return isLast ? purged : undefined;
  };
  return inSteps(() =>
    database.transaction(step, (done) =>
      done ? { response: { files: done.files, indexes: done.indexes } } : stepOf(done),
    ),
  );
}

interface Purging {
  readonly repositoryId: number;
  readonly until: Until;
  readonly pkg: string | undefined;
}

async function purgeStep(tx: Tx, purging: Purging): Promise<Purged & { readonly isLast: boolean }> {
  const { repositoryId, until, pkg } = purging;
  const indexes = await count(
    sql`DELETE FROM document WHERE id IN (SELECT id FROM document WHERE repository_id = ${repositoryId}
      AND id <= ${until.document} ${pkg === undefined ? ALL : sql`AND (key = ${pkg} OR ${keyPart(0)} = ${pkg})`}
      LIMIT ${STEP})`,
    tx,
  );
  if (indexes === STEP) return { files: 0, indexes, isLast: false };
  const inPackage =
    pkg === undefined
      ? ALL
      : sql`AND package_id IN (SELECT id FROM package WHERE repository_id = ${repositoryId} AND name = ${pkg})`;

  const versions = await ids(
    sql`SELECT id FROM version WHERE repository_id = ${repositoryId} AND id <= ${until.version} ${inPackage} LIMIT ${STEP}`,
    tx,
  );
  const ofVersions = await count(
    sql`DELETE FROM file WHERE version_id IN (SELECT value FROM json_each(${versions.text}))`,
    tx,
  );
  await sql`DELETE FROM version WHERE id IN (SELECT value FROM json_each(${versions.text}))`.execute(tx);
  if (versions.count === STEP) return { files: ofVersions, indexes, isLast: false };

  const loose = await ids(
    sql`SELECT id FROM file WHERE repository_id = ${repositoryId} AND id <= ${until.file} AND version_id IS NULL
      ${inPackage} LIMIT ${STEP}`,
    tx,
  );
  await awaitAgain(tx, loose.text);
  await sql`DELETE FROM file WHERE id IN (SELECT value FROM json_each(${loose.text}))`.execute(tx);
  const files = ofVersions + loose.count;
  if (loose.count === STEP) return { files, indexes, isLast: false };

  const others = await count(
    sql`DELETE FROM package WHERE id IN (SELECT id FROM package WHERE repository_id = ${repositoryId}
      AND id <= ${until.package} ${pkg === undefined ? ALL : sql`AND name = ${pkg}`}
      AND NOT EXISTS (SELECT 1 FROM version WHERE package_id = package.id)
      AND NOT EXISTS (SELECT 1 FROM file WHERE package_id = package.id) LIMIT ${STEP})`,
    tx,
  );
  if (others === STEP || pkg !== undefined) return { files, indexes, isLast: others < STEP };
  const states = await count(
    sql`DELETE FROM upstream_state WHERE repository_id = ${repositoryId} AND what IN
      (SELECT what FROM upstream_state WHERE repository_id = ${repositoryId} AND what <> ${PURGES} LIMIT ${STEP})`,
    tx,
  );
  return { files, indexes, isLast: states < STEP };
}

const ALL = sql``;

/** Who needs a file gets it again when it comes again. */
const awaitAgain = (tx: Tx, files: string) =>
  sql`INSERT OR IGNORE INTO awaited_file (repository_id, path, version_id)
    SELECT file.repository_id, path, version_use.version_id FROM version_use JOIN file ON file.id = file_id
    WHERE file_id IN (SELECT value FROM json_each(${files}))`.execute(tx);

async function newest(tx: Tx): Promise<Until> {
  const { rows } = await sql<Until>`SELECT
    (SELECT coalesce(max(id), 0) FROM document) AS document, (SELECT coalesce(max(id), 0) FROM version) AS version,
    (SELECT coalesce(max(id), 0) FROM file) AS file, (SELECT coalesce(max(id), 0) FROM package) AS package`.execute(
    tx,
  );
  return rows[0] ?? { document: 0, version: 0, file: 0, package: 0 };
}

async function count(statement: RawBuilder<unknown>, tx: Tx): Promise<number> {
  return Number((await statement.execute(tx)).numAffectedRows ?? 0);
}

/** Ids of rows, as JSON. */
async function ids(statement: RawBuilder<unknown>, tx: Tx) {
  const { rows } = await statement.execute(tx);
  return {
    count: rows.length,
    text: JSON.stringify((rows as { readonly id: number }[]).map(({ id }) => id)),
  };
}

/** Forgets the copies of one path: of a version all its files, of an index all its pages. */
export async function purgePath(tx: Tx, purge: CopyPurge, { path, tag }: PurgedPath): Promise<Purged> {
  const { repositoryId } = purge;
  const ofTag = tag && (await tagged(tx, repositoryId, tag));
  const file = await tx
    .selectFrom('file')
    .select(['id', 'version_id'])
    .where('repository_id', '=', repositoryId)
    .where('path', '=', path)
    .executeTakeFirst();
  const version = ofTag ?? file?.version_id ?? undefined;
  await awaitAgain(tx, JSON.stringify(file ? [file.id] : []));
  const files = await tx
    .deleteFrom('file')
    .where((or) => or.or([or('id', '=', file?.id ?? -1), or('version_id', '=', version ?? -1)]))
    .executeTakeFirst();
  if (version !== undefined) await tx.deleteFrom('version').where('id', '=', version).execute();
  await tx
    .deleteFrom('upstream_state')
    .where('repository_id', '=', repositoryId)
    .where('what', '=', `file ${path}`)
    .execute();
  const indexes = await tx
    .deleteFrom('document')
    .where('repository_id', '=', repositoryId)
    .where((or) =>
      or.or([
        or('key', '=', path),
        or(keyPart(1), '=', path),
        or(sql<string>`substr(${keyPart(1)}, 1, ${path.length + 1})`, '=', `${path}?`),
      ]),
    )
    .executeTakeFirst();
  await note(tx, purge);
  return { files: Number(files.numDeletedRows), indexes: Number(indexes.numDeletedRows) };
}

/** Of the key of an index that was copied: its package (0), and where the upstream has it (1). */
const keyPart = (at: 0 | 1) =>
  sql<string>`CASE WHEN form = 'upstream' THEN key ->> ${sql.raw(String(at))} ELSE '' END`;

async function tagged(
  tx: Tx,
  repositoryId: number,
  { package: pkg, name }: NonNullable<PurgedPath['tag']>,
): Promise<number | undefined> {
  const row = await tx
    .selectFrom('tag')
    .innerJoin('package', 'package.id', 'tag.package_id')
    .select('tag.version_id')
    .where('package.repository_id', '=', repositoryId)
    .where('package.name', '=', pkg)
    .where('tag.name', '=', name)
    .executeTakeFirst();
  return row?.version_id;
}

/** What was remembered before, in any process, is not believed any more. */
async function note(tx: Tx, { repositoryId, now, id }: CopyPurge): Promise<void> {
  await tx
    .insertInto('upstream_state')
    .values({ repository_id: repositoryId, what: PURGES, etag: id, last_modified: null, validated_at: now })
    .onConflict((conflict) =>
      conflict.columns(['repository_id', 'what']).doUpdateSet({ etag: id, validated_at: now }),
    )
    .execute();
}
