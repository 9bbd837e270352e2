import { type Transaction, sql } from 'kysely';
import type { Attributes, NewFile, PublishPlan, VersionLink } from '../../core/catalog.ts';
import { notFound, RegistryError } from '../../core/error.ts';
import { adoptBlob, type Surplus } from './adopt-blob.ts';
import { recordEvent } from './outbox.ts';
import { describePackage, ensurePackage, type KnownPackage } from './packages.ts';
import { onlyRow, prepared } from './prepared.ts';
import { listed } from './listed.ts';
import type { Schema } from './schema.ts';
import { setTag } from './tags.ts';

export interface PublishContext {
  readonly repositoryId: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Carries out a plan: version, files, what it needs, what it points at, tags, news. Answers surplus blobs. */
export async function publish(
  tx: Transaction<Schema>,
  plan: PublishPlan,
  { repositoryId, now }: PublishContext,
): Promise<readonly Surplus[]> {
  const pkg = await ensurePackage(tx, { repositoryId, name: plan.package, now, published: true });
  if (plan.once) await useUp(tx, plan, repositoryId);
  const isFixed = plan.onConflict !== 'replace' && plan.onConflict !== 'renew';
  if (isFixed) await refuseTrashed(tx, plan, repositoryId);
  const surplus = await adoptAll(tx, plan.files, now);
  const { id: packageId, blank } = pkg;
  const { versionId, created, extended } = await ensureVersion(tx, plan, pkg, now);
  const changed = created || extended;

  if (changed) {
    for (const file of plan.files) await putFile(tx, file, { repositoryId, packageId, versionId, now });
  }
  await useFiles(tx, plan.uses ?? [], { repositoryId, versionId });
  await awaitFiles(tx, plan.awaits ?? [], { repositoryId, versionId });
  await linkVersions(tx, plan.links ?? [], {
    packageId,
    versionId,
    version: plan.version,
    partial: plan.partial ?? false,
  });
  await describePackage(tx, pkg, plan);

  if (changed)
    await recordEvent(tx, now, 'version.published', {
      repositoryId,
      package: plan.package,
      version: plan.version,
      digests: plan.files.map((file) => file.blob.digest),
    });
  for (const tag of new Set(plan.tags)) {
    const write = {
      repositoryId,
      packageId,
      package: plan.package,
      tag,
      versionId,
      version: plan.version,
      now,
    };
    await setTag(tx, write, { isNew: blank, isTouched: changed });
  }
  return surplus;
}

async function adoptAll(tx: Transaction<Schema>, files: readonly NewFile[], now: number): Promise<Surplus[]> {
  const surplus: Surplus[] = [];
  for (const file of files) {
    const spare = await adoptBlob(tx, file.blob, now);
    if (spare) surplus.push(spare);
  }
  return surplus;
}

async function ensureVersion(
  tx: Transaction<Schema>,
  plan: PublishPlan,
  { id: packageId, repositoryId, blank }: KnownPackage,
  now: number,
) {
  const [known] = blank ? [] : (await findVersion(tx, { packageId, name: plan.version })).rows;
  if (known && plan.onConflict === 'keep') return { versionId: known.id, created: false, extended: false };
  if (known && (plan.onConflict === 'extend' || plan.onConflict === 'renew')) {
    const { brings, freed } = await makeWay(tx, plan, repositoryId);
    if (!brings) return { versionId: known.id, created: false, extended: false };
    const before = JSON.parse(known.attributes) as Attributes;
    const attributes = JSON.stringify(plan.extend?.(before) ?? before);
    await tx
      .updateTable('version')
      .set({ attributes, size: known.size + plan.size - freed, updated_at: now })
      .where('id', '=', known.id)
      .execute();
    return { versionId: known.id, created: false, extended: true };
  }
  if (known && plan.onConflict === 'reject')
    throw new RegistryError('ALREADY_EXISTS', 'VERSION_EXISTS', `version ${plan.version} already exists`, {
      details: { package: plan.package, version: plan.version },
    });

  const attributes = JSON.stringify(plan.attributes);
  if (known) {
    const content = { attributes, size: plan.size, updated_at: now };
    await tx.deleteFrom('version_use').where('version_id', '=', known.id).execute();
    await tx.deleteFrom('version_link').where('version_id', '=', known.id).execute();
    await tx.deleteFrom('file').where('version_id', '=', known.id).execute();
    await tx.updateTable('version').set(content).where('id', '=', known.id).execute();
    return { versionId: known.id, created: true, extended: false };
  }
  const { version: name, size } = plan;
  const { rows } = await insertVersion(tx, { packageId, repositoryId, name, attributes, size, now });
  return { versionId: onlyRow(rows).id, created: true, extended: false };
}

interface NewVersion {
  readonly packageId: number;
  readonly repositoryId: number;
  readonly name: string;
  readonly attributes: string;
  readonly size: number;
  readonly now: number;
}

const findVersion = prepared((db, { packageId, name }: Pick<NewVersion, 'packageId' | 'name'>) =>
  db
    .selectFrom('version')
    .select(['id', 'attributes', 'size'])
    .where('package_id', '=', packageId)
    .where('name', '=', name),
);
const insertVersion = prepared((db, row: NewVersion) =>
  db
    .insertInto('version')
    .values({
      package_id: row.packageId,
      repository_id: row.repositoryId,
      name: row.name,
      created_at: row.now,
      attributes: row.attributes,
      size: row.size,
      updated_at: row.now,
    })
    .returning('id'),
);

/**
 * Whether any of the files is not there yet, and how many bytes went for it. One whose bytes are lost is not there; one with other
 * bytes stays what it is, or goes where it may be renewed.
 */
async function makeWay(
  tx: Transaction<Schema>,
  { files, onConflict }: Pick<PublishPlan, 'files' | 'onConflict'>,
  repositoryId: number,
): Promise<{ readonly brings: boolean; readonly freed: number }> {
  let [brings, freed] = [false, 0];
  for (const { path, blob } of files) {
    const taken = await tx
      .selectFrom('file')
      .innerJoin('blob', 'blob.digest', 'file.blob_digest')
      .select(['blob.digest', 'blob.size'])
      .where('file.repository_id', '=', repositoryId)
      .where('file.path', '=', path)
      .where('file.version_id', 'is not', null)
      .where('blob.state', 'in', ['live', 'condemned'])
      .executeTakeFirst();
    const isOther = taken !== undefined && taken.digest !== blob.digest;
    if (isOther && onConflict !== 'renew')
      throw new RegistryError('ALREADY_EXISTS', 'FILE_EXISTS', `${path} exists with other bytes`, {
        details: { path, digest: taken.digest },
      });
    brings ||= !taken || isOther;
    if (!isOther) continue;
    freed += taken.size;
    // It is another file from now on, and was not there before.
    await tx.deleteFrom('file').where('repository_id', '=', repositoryId).where('path', '=', path).execute();
  }
  return { brings, freed };
}

const otherInTrash = prepared(
  (db, file: { readonly repositoryId: number; readonly path: string; readonly digest: string }) =>
    db
      .selectFrom('deleted_file')
      .select('blob_digest')
      .where('repository_id', '=', file.repositoryId)
      .where('path', '=', file.path)
      .where('own', '=', 1)
      .where('blob_digest', '<>', file.digest)
      .limit(1),
);

/** A name that stands for the same bytes for good does so while those can be had back. */
async function refuseTrashed(
  tx: Transaction<Schema>,
  { package: pkg, version, files }: PublishPlan,
  repositoryId: number,
): Promise<void> {
  for (const { path, blob } of files) {
    const { rows } = await otherInTrash(tx, { repositoryId, path, digest: blob.digest });
    const [other] = rows;
    if (other)
      throw new RegistryError(
        'ALREADY_EXISTS',
        'VERSION_IN_TRASH',
        `${pkg} ${version} was deleted and can still be restored: ${path} had other bytes; restore it, use another version, ` +
          'or have it purged from the trash first',
        { details: { package: pkg, version, path, digest: other.blob_digest } },
      );
  }
}

interface FileOwner {
  readonly repositoryId: number;
  readonly packageId: number | null;
  readonly versionId: number | null;
  readonly leaseUntil?: number;
  readonly now: number;
}

/** Names a blob; a path that was known names the new one, and a lease only ever grows. */
export async function putFile(tx: Transaction<Schema>, file: NewFile, owner: FileOwner): Promise<void> {
  await upsertFile(tx, {
    ...owner,
    path: file.path,
    contentType: file.contentType ?? null,
    digest: file.blob.digest,
    lease: owner.leaseUntil ?? null,
  });
}

interface FileWrite extends FileOwner {
  readonly path: string;
  readonly contentType: string | null;
  readonly digest: string;
  readonly lease: number | null;
}

const upsertFile = prepared((db, file: FileWrite) =>
  db
    .insertInto('file')
    .values({
      repository_id: file.repositoryId,
      package_id: file.packageId,
      version_id: file.versionId,
      path: file.path,
      content_type: file.contentType,
      blob_digest: file.digest,
      lease_until: file.lease,
      created_at: file.now,
      updated_at: file.now,
    })
    .onConflict((conflict) =>
      conflict.columns(['repository_id', 'path']).doUpdateSet({
        blob_digest: file.digest,
        version_id: file.versionId,
        content_type: file.contentType,
        lease_until: sql`max(coalesce(file.lease_until, 0), coalesce(${file.lease}, 0))`,
        updated_at: file.now,
      }),
    ),
);

/** Ties loose files to the version and revives their blobs; one that is not servable is not there. */
async function useFiles(
  tx: Transaction<Schema>,
  paths: readonly string[],
  { repositoryId, versionId }: { readonly repositoryId: number; readonly versionId: number },
): Promise<void> {
  if (paths.length === 0) return;
  const wanted = listed(paths);
  const files = await tx
    .selectFrom('file')
    .innerJoin('blob', 'blob.digest', 'file.blob_digest')
    .select(['file.id', 'file.path', 'blob.digest', 'blob.state'])
    .where('file.repository_id', '=', repositoryId)
    .where('file.path', 'in', wanted)
    .execute();
  const usable = files.filter(({ state }) => state === 'live' || state === 'condemned');
  const found = new Set(usable.map(({ path }) => path));
  const missing = paths.find((path) => !found.has(path));
  if (missing !== undefined) throw notFound('FILE', { path: missing });

  for (const { id, digest, state } of usable) {
    if (state === 'condemned')
      await tx
        .updateTable('blob')
        .set(({ eb }) => ({ state: 'live', revision: eb('revision', '+', 1) }))
        .where('digest', '=', digest)
        .execute();
    await tx
      .insertInto('version_use')
      .values({ version_id: versionId, file_id: id })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** What is there is the version's at once; a trigger sees to what comes later. */
async function awaitFiles(
  tx: Transaction<Schema>,
  paths: readonly string[],
  { repositoryId, versionId }: { readonly repositoryId: number; readonly versionId: number },
): Promise<void> {
  if (paths.length === 0) return;
  const wanted = JSON.stringify(paths);
  await sql`INSERT OR IGNORE INTO version_use (version_id, file_id)
    SELECT ${versionId}, id FROM file
    WHERE repository_id = ${repositoryId} AND path IN (SELECT value FROM json_each(${wanted}))`.execute(tx);
  await sql`INSERT OR IGNORE INTO awaited_file (repository_id, path, version_id)
    SELECT ${repositoryId}, value, ${versionId} FROM json_each(${wanted}) WHERE NOT EXISTS
      (SELECT 1 FROM file WHERE repository_id = ${repositoryId} AND path = value)`.execute(tx);
}

/** What was used once stands for those bytes in lock files, for good: a version number, or a file's path. */
async function useUp(
  tx: Transaction<Schema>,
  { package: pkg, version, files, onConflict }: PublishPlan,
  repositoryId: number,
): Promise<void> {
  for (const used of onConflict === 'extend' ? files.map(({ path }) => path) : [version]) {
    const { changes } = await insertUsed(tx, { repositoryId, package: pkg, version: used });
    if (changes === 0n) throw burnt(pkg, version, used);
  }
}

interface UsedVersion {
  readonly repositoryId: number;
  readonly package: string;
  readonly version: string;
}

const insertUsed = prepared((db, used: UsedVersion) =>
  db
    .insertInto('used_version')
    .values({ repository_id: used.repositoryId, package: used.package, version: used.version })
    .onConflict((conflict) => conflict.doNothing()),
);

function burnt(pkg: string, version: string, used: string): RegistryError {
  if (used === version)
    return new RegistryError(
      'ALREADY_EXISTS',
      'VERSION_BURNT',
      `version ${version} of ${pkg} was published before; publish another version`,
      { details: { package: pkg, version } },
    );
  return new RegistryError('ALREADY_EXISTS', 'FILE_BURNT', `${used} was published before`, {
    details: { path: used },
  });
}

async function linkVersions(
  tx: Transaction<Schema>,
  links: readonly VersionLink[],
  from: {
    readonly packageId: number;
    readonly versionId: number;
    readonly version: string;
    readonly partial: boolean;
  },
): Promise<void> {
  for (const { kind, target } of links) {
    if (kind === 'child' && !from.partial) {
      const child = await tx
        .selectFrom('version')
        .select('id')
        .where('package_id', '=', from.packageId)
        .where('name', '=', target)
        .executeTakeFirst();
      if (!child) throw notFound('VERSION', { version: target });
    }
    await tx
      .insertInto('version_link')
      .values({
        package_id: from.packageId,
        kind,
        target,
        version: from.version,
        version_id: from.versionId,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}
