import type { Transaction } from 'kysely';
import type { MayUntag } from '../../core/catalog.ts';
import { notFound } from '../../core/error.ts';
import { recordEvent } from './outbox.ts';
import type { Schema } from './schema.ts';
import { requireUnheld } from './tags.ts';
import type { UsualRetention } from './trash.ts';
import { removeVersion } from './versions.ts';

interface Withdrawal {
  readonly repositoryId: number;
  readonly path: string;
  readonly now: number;
  readonly usual: UsualRetention;
}

/**
 * Takes a file from its version, which goes with its last one. NOT_FOUND (FILE_UNKNOWN) for a file of no version;
 * FAILED_PRECONDITION while an immutable tag names the version.
 */
export async function withdrawFile(
  tx: Transaction<Schema>,
  { repositoryId, path, now, usual }: Withdrawal,
  mayUntag?: MayUntag,
): Promise<void> {
  const file = await tx
    .selectFrom('file')
    .innerJoin('blob', 'blob.digest', 'file.blob_digest')
    .innerJoin('version', 'version.id', 'file.version_id')
    .innerJoin('package', 'package.id', 'version.package_id')
    .select(['file.id', 'file.version_id', 'blob.size', 'version.name as version', 'package.name as package'])
    .where('file.repository_id', '=', repositoryId)
    .where('file.path', '=', path)
    .executeTakeFirst();
  if (!file || file.version_id === null) throw notFound('FILE', { path });
  const { version_id: versionId, version } = file;
  const other = await tx
    .selectFrom('file')
    .select('id')
    .where('version_id', '=', versionId)
    .where('id', '<>', file.id)
    .limit(1)
    .executeTakeFirst();
  if (!other)
    return removeVersion(tx, { repositoryId, package: file.package, version, now, usual }, mayUntag);
  await requireUnheld(tx, (held) => held.where('version_id', '=', versionId));
  await tx.deleteFrom('file').where('id', '=', file.id).execute();
  await tx
    .updateTable('version')
    .set((row) => ({ size: row('size', '-', file.size), updated_at: now }))
    .where('id', '=', versionId)
    .execute();
  await recordEvent(tx, now, 'file.deleted', { repositoryId, path });
}
