import { sql, type Transaction } from 'kysely';
import type { Act } from '../../core/audit.ts';
import type { GarbageBatch } from '../../core/garbage.ts';
import { durationMs } from '../../lib/duration.ts';
import { lotsInTime } from './gc-lots.ts';
import { textOfPackage } from './package-texts.ts';
import { prepared } from './prepared.ts';
import { listed } from './listed.ts';
import type { Schema } from './schema.ts';

type Tx = Transaction<Schema>;

const sign = prepared((db, signed: { readonly member: string | null; readonly after: number }) =>
  db.updateTable('deleted_version').set({ member: signed.member }).where('id', '>', signed.after),
);

/**
 * How long deleted versions can be had back, in milliseconds, where their repository says nothing of its own. Nothing at all
 * for what is to go for good.
 */
export type UsualRetention = number | undefined;

/** Until when what is deleted now in the repository can be had back; nothing where it goes for good. Copies always do. */
async function keptUntil(
  tx: Tx,
  repositoryId: number,
  { now, usual }: { readonly now: number; readonly usual: UsualRetention },
): Promise<number | undefined> {
  if (usual === undefined) return undefined;
  const { mode, own } = await tx
    .selectFrom('repository')
    .select(['mode', sql<string | null>`config ->> 'trashRetention'`.as('own')])
    .where('id', '=', repositoryId)
    .executeTakeFirstOrThrow();
  const retention = mode === 'STANDARD_REPOSITORY' ? (durationMs(own) ?? usual) : 0;
  return retention > 0 ? now + retention : undefined;
}

/** Deletes rows of versions of one repository, into the trash where it has one. */
export async function deleteRows(
  tx: Tx,
  repositoryId: number,
  versionIds: readonly number[],
  how: { readonly now: number; readonly usual: UsualRetention },
): Promise<void> {
  const until = await keptUntil(tx, repositoryId, how);
  // What names the blobs from now on must be there before what named them goes.
  if (until !== undefined) await copyRows(tx, versionIds, { now: how.now, until });
  await tx.deleteFrom('version').where('id', 'in', listed(versionIds)).execute();
}

async function copyRows(
  tx: Tx,
  versionIds: readonly number[],
  { now, until }: { readonly now: number; readonly until: number },
): Promise<void> {
  const these = sql`version_id IN ${listed(versionIds)}`;
  await sql`INSERT INTO deleted_version (version_id, repository_id, package, name, description, attributes,
      annotations, size, tags, created_at, pulled_at, deleted_at, purge_at)
    SELECT version.id, version.repository_id, package.name, version.name, version.description, version.attributes,
      version.annotations, version.size,
      CASE tag_count WHEN 0 THEN '[]' ELSE (SELECT json_group_array(name) FROM
        (SELECT name FROM tag WHERE tag.version_id = version.id ORDER BY name)) END,
      version.created_at, (SELECT at FROM version_pull WHERE version_id = version.id), ${now}, ${until}
    FROM version JOIN package ON package.id = version.package_id
    WHERE version.id IN ${listed(versionIds)}`.execute(tx);
  const files = sql`deleted.id, file.repository_id, file.path, file.content_type, file.blob_digest, file.annotations,
    file.created_at`;
  const into = sql`INSERT OR IGNORE INTO deleted_file (deleted_id, repository_id, path, content_type, blob_digest,
    annotations, created_at, own)`;
  await sql`${into} SELECT ${files}, 1 FROM deleted_version AS deleted
    JOIN file ON file.version_id = deleted.version_id WHERE deleted.${these}`.execute(tx);
  await sql`${into} SELECT ${files}, 0 FROM deleted_version AS deleted
    JOIN version_use ON version_use.version_id = deleted.version_id
    JOIN file ON file.id = version_use.file_id WHERE deleted.${these}`.execute(tx);
  await sql`INSERT INTO deleted_link (deleted_id, kind, target)
    SELECT deleted.id, link.kind, link.target FROM deleted_version AS deleted
    JOIN version_link AS link ON link.version_id = deleted.version_id WHERE deleted.${these}`.execute(tx);
}

/** Says of the deletions after one who made them. */
export async function signDeletions(tx: Tx, after: number, { actor }: Act): Promise<void> {
  await sign(tx, { member: actor.member ?? null, after });
}

/** Remembers what a package was that is about to be deleted, where versions of it are in the trash. */
export async function rememberPackage(tx: Tx, packageId: number): Promise<void> {
  await sql`INSERT OR REPLACE INTO deleted_package (repository_id, name, attributes, annotations, text, created_at)
    SELECT repository_id, name, attributes, annotations, ${textOfPackage}, created_at FROM package
    WHERE id = ${packageId} AND EXISTS (SELECT 1 FROM deleted_version
      WHERE deleted_version.repository_id = package.repository_id AND deleted_version.package = package.name)`.execute(
    tx,
  );
}

/** Deletes for good what has been in the trash for long enough, a few at a time; answers how many that were. */
export async function purgeDue(tx: Tx, batch: GarbageBatch): Promise<number> {
  let purged = 0;
  const due = await tx
    .selectFrom('deleted_version')
    .select('id')
    .where('purge_at', '<=', batch.now)
    .orderBy('purge_at')
    .limit(batch.limit)
    .execute();
  for (const lot of lotsInTime(due, batch, 1)) {
    const ids = listed(lot.map(({ id }) => id));
    const { numDeletedRows } = await tx
      .deleteFrom('deleted_version')
      .where('id', 'in', ids)
      .executeTakeFirst();
    purged += Number(numDeletedRows);
  }
  return purged;
}
