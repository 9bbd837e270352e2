import { sql, type Transaction } from 'kysely';
import type { Purged } from '../../core/remote-caches.ts';
import { PURGES } from './copy-tables.ts';
import type { Schema } from './schema.ts';

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

/** Forgets every copy of a repository. What its files were first stays known. */
export async function purgeAll(tx: Tx, purge: CopyPurge): Promise<Purged> {
  const { repositoryId } = purge;
  const files = await tx.deleteFrom('file').where('repository_id', '=', repositoryId).executeTakeFirst();
  await tx.deleteFrom('version').where('repository_id', '=', repositoryId).execute();
  await tx.deleteFrom('package').where('repository_id', '=', repositoryId).execute();
  const indexes = await tx
    .deleteFrom('document')
    .where('repository_id', '=', repositoryId)
    .executeTakeFirst();
  await tx.deleteFrom('upstream_state').where('repository_id', '=', repositoryId).execute();
  await note(tx, purge);
  return { files: Number(files.numDeletedRows), indexes: Number(indexes.numDeletedRows) };
}

/** The same for what is kept of one package. */
export async function purgePackage(tx: Tx, purge: CopyPurge, name: string): Promise<Purged> {
  const { repositoryId } = purge;
  const found = tx
    .selectFrom('package')
    .select('id')
    .where('repository_id', '=', repositoryId)
    .where('name', '=', name);
  const files = await tx.deleteFrom('file').where('package_id', 'in', found).executeTakeFirst();
  await tx.deleteFrom('version').where('package_id', 'in', found).execute();
  await tx.deleteFrom('package').where('repository_id', '=', repositoryId).where('name', '=', name).execute();
  const indexes = await tx
    .deleteFrom('document')
    .where('repository_id', '=', repositoryId)
    .where((or) => or.or([or('key', '=', name), or(keyPart(0), '=', name)]))
    .executeTakeFirst();
  await note(tx, purge);
  return { files: Number(files.numDeletedRows), indexes: Number(indexes.numDeletedRows) };
}

/** The same for one path: of a version all its files, of an index all its pages. */
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
  // Who needs it gets it again when it comes again.
  await sql`INSERT OR IGNORE INTO awaited_file (repository_id, path, version_id)
    SELECT ${repositoryId}, ${path}, version_id FROM version_use WHERE file_id = ${file?.id ?? -1}`.execute(
    tx,
  );
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
