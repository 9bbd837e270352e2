import { type Selectable, sql, type Transaction } from 'kysely';
import type { TagRow } from '../../core/catalog.ts';
import { RegistryError } from '../../core/error.ts';
import type { MayRestore, Restored } from '../../core/trash.ts';
import { recordEvent } from './outbox.ts';
import { noteText } from './package-texts.ts';
import { ensurePackage } from './packages.ts';
import type { Schema } from './schema.ts';
import type { DeletedVersionTable } from './schema-trash.ts';
import { setTag } from './tags.ts';

type Tx = Transaction<Schema>;
type Row = Selectable<DeletedVersionTable>;

interface Restoring {
  readonly now: number;
  readonly mayRestore: MayRestore;
}

const refusal = (reason: string, why: string, details: Readonly<Record<string, string>>): RegistryError =>
  new RegistryError('FAILED_PRECONDITION', reason, why, { details });

/** Puts a deleted version back, with what it needs and what went with it: all of it, or nothing. */
export async function restoreVersion(tx: Tx, row: Row, { now, mayRestore }: Restoring): Promise<Restored> {
  const { repository_id: repositoryId, package: pkg } = row;
  const rows = await withCompany(tx, row);
  for (const { name } of rows) await mayRestore({ package: pkg, version: name });
  const packageId = await packageAgain(tx, row, now);
  const tags: TagRow[] = [];
  const taken: TagRow[] = [];
  for (const each of rows) {
    await requireContent(tx, each);
    const versionId = await insertRows(tx, each, { packageId, now });
    await recordEvent(tx, now, 'version.restored', { repositoryId, package: pkg, version: each.name });
    for (const tag of JSON.parse(each.tags) as readonly string[]) {
      const named = { tag, version: each.name };
      const isTaken = await tx
        .selectFrom('tag')
        .select('name')
        .where('package_id', '=', packageId)
        .where('name', '=', tag)
        .executeTakeFirst();
      (isTaken ? taken : tags).push(named);
      if (isTaken) continue;
      await mayRestore({ package: pkg, ...named });
      await setTag(tx, { repositoryId, packageId, package: pkg, ...named, versionId, now });
    }
    await tx.deleteFrom('deleted_version').where('id', '=', each.id).execute();
  }
  return { package: pkg, versions: rows.map(({ name }) => name), tags, taken };
}

/** With the parts of it that are not there, and theirs; then with what refers to it and was deleted at the same moment. */
async function withCompany(tx: Tx, root: Row): Promise<readonly Row[]> {
  if (await isLive(tx, root, root.name))
    throw new RegistryError(
      'ALREADY_EXISTS',
      'VERSION_EXISTS',
      `${root.package} ${root.name} was published again since it was deleted; delete that one first, or leave it`,
      { details: { package: root.package, version: root.name } },
    );
  const found = new Map([[root.name, root]]);
  for (const row of found.values()) {
    const parts = await tx
      .selectFrom('deleted_link')
      .select('target')
      .where('deleted_id', '=', row.id)
      .where('kind', '=', 'child')
      .execute();
    for (const { target } of parts) {
      if (found.has(target) || (await isLive(tx, root, target))) continue;
      found.set(target, await partOf(tx, row, target));
    }
    for (const about of await referrers(tx, row))
      if (!found.has(about.name) && !(await isLive(tx, root, about.name))) found.set(about.name, about);
  }
  return [...found.values()];
}

async function partOf(tx: Tx, whole: Row, target: string): Promise<Row> {
  const part = await tx
    .selectFrom('deleted_version')
    .selectAll()
    .where('repository_id', '=', whole.repository_id)
    .where('package', '=', whole.package)
    .where('name', '=', target)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (part) return part;
  throw refusal(
    'PART_GONE',
    `${whole.name} cannot be restored: its part ${target} is gone for good; push it again first`,
    {
      package: whole.package,
      version: whole.name,
      part: target,
    },
  );
}

const referrers = (tx: Tx, about: Row): Promise<readonly Row[]> =>
  tx
    .selectFrom('deleted_link')
    .innerJoin('deleted_version', 'deleted_version.id', 'deleted_link.deleted_id')
    .selectAll('deleted_version')
    .where('deleted_link.target', '=', about.name)
    .where('deleted_link.kind', 'in', ['subject', 'companion'])
    .where('deleted_version.repository_id', '=', about.repository_id)
    .where('deleted_version.package', '=', about.package)
    .where('deleted_version.deleted_at', '=', about.deleted_at)
    .execute();

async function isLive(
  tx: Tx,
  { repository_id: repositoryId, package: pkg }: Row,
  name: string,
): Promise<boolean> {
  const row = await tx
    .selectFrom('version')
    .innerJoin('package', 'package.id', 'version.package_id')
    .select('version.id')
    .where('package.repository_id', '=', repositoryId)
    .where('package.name', '=', pkg)
    .where('version.name', '=', name)
    .executeTakeFirst();
  return row !== undefined;
}

/** The package, as it was where it was deleted too. */
async function packageAgain(
  tx: Tx,
  { repository_id: repositoryId, package: name }: Row,
  now: number,
): Promise<number> {
  const known = await tx
    .selectFrom('package')
    .select('id')
    .where('repository_id', '=', repositoryId)
    .where('name', '=', name)
    .where('published_at', 'is not', null)
    .executeTakeFirst();
  const { id } = await ensurePackage(tx, { repositoryId, name, now, published: true });
  const [before] = await tx
    .deleteFrom('deleted_package')
    .where('repository_id', '=', repositoryId)
    .where('name', '=', name)
    .returningAll()
    .execute();
  if (known || !before) return id;
  const { attributes, annotations, text, created_at: createdAt } = before;
  await tx
    .updateTable('package')
    .set({ attributes, annotations, created_at: createdAt })
    .where('id', '=', id)
    .execute();
  if (text !== null) await noteText(tx, id, text);
  return id;
}

async function requireContent(tx: Tx, { id, package: pkg, name }: Row): Promise<void> {
  const lost = await tx
    .selectFrom('deleted_file')
    .innerJoin('blob', 'blob.digest', 'deleted_file.blob_digest')
    .select(['deleted_file.path', 'blob.state'])
    .where('deleted_file.deleted_id', '=', id)
    .where('blob.state', 'not in', ['live', 'condemned'])
    .limit(1)
    .executeTakeFirst();
  if (lost)
    throw refusal(
      'CONTENT_GONE',
      `${pkg} ${name} cannot be restored: the content of ${lost.path} is ${lost.state}; upload it again first`,
      { package: pkg, version: name, path: lost.path },
    );
}

async function insertRows(
  tx: Tx,
  row: Row,
  { packageId, now }: { readonly packageId: number; readonly now: number },
): Promise<number> {
  await requirePlace(tx, row);
  const { id: versionId } = await tx
    .insertInto('version')
    .values({
      // Its own, by which it is known not to be one version more.
      id: row.version_id,
      package_id: packageId,
      repository_id: row.repository_id,
      name: row.name,
      description: row.description,
      attributes: row.attributes,
      annotations: row.annotations,
      size: row.size,
      created_at: row.created_at,
      updated_at: now,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await sql`INSERT INTO file (repository_id, package_id, version_id, path, content_type, blob_digest, lease_until,
      annotations, created_at, updated_at)
    SELECT repository_id, ${packageId}, CASE own WHEN 1 THEN ${versionId} END, path, content_type, blob_digest,
      CASE own WHEN 0 THEN ${now} END, annotations, created_at, ${now} FROM deleted_file WHERE deleted_id = ${row.id}
    ON CONFLICT (repository_id, path) DO UPDATE SET version_id = coalesce(excluded.version_id, file.version_id)`.execute(
    tx,
  );
  await sql`INSERT INTO version_use (version_id, file_id)
    SELECT ${versionId}, file.id FROM deleted_file JOIN file
      ON file.repository_id = deleted_file.repository_id AND file.path = deleted_file.path
    WHERE deleted_id = ${row.id} AND own = 0`.execute(tx);
  await sql`INSERT INTO version_link (package_id, kind, target, version, version_id)
    SELECT ${packageId}, kind, target, ${row.name}, ${versionId} FROM deleted_link WHERE deleted_id = ${row.id}`.execute(
    tx,
  );
  if (row.pulled_at !== null)
    await tx.insertInto('version_pull').values({ version_id: versionId, at: row.pulled_at }).execute();
  return versionId;
}

/** A path may be there again as a loose file with the same bytes; with others, or as another version's, it is taken. */
async function requirePlace(tx: Tx, { id, package: pkg, name }: Row): Promise<void> {
  const { rows } = await sql<{ readonly path: string }>`SELECT file.path FROM deleted_file JOIN file
    ON file.repository_id = deleted_file.repository_id AND file.path = deleted_file.path
    WHERE deleted_id = ${id} AND (file.blob_digest <> deleted_file.blob_digest
      OR (own = 1 AND file.version_id IS NOT NULL)) LIMIT 1`.execute(tx);
  const [other] = rows;
  if (other)
    throw refusal(
      'PLACE_TAKEN',
      `${pkg} ${name} cannot be restored: ${other.path} is something else by now`,
      {
        package: pkg,
        version: name,
        path: other.path,
      },
    );
}
