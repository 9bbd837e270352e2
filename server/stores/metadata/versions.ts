import type { Transaction } from 'kysely';
import type { MayUntag } from '../../core/catalog.ts';
import { notFound, RegistryError } from '../../core/error.ts';
import { recordEvent } from './outbox.ts';
import type { Schema } from './schema.ts';
import { requireUnheld } from './tags.ts';
import { deleteRows, type UsualRetention } from './trash.ts';

interface VersionRemoval {
  readonly repositoryId: number;
  readonly package: string;
  readonly version: string;
  readonly now: number;
  readonly usual: UsualRetention;
}

/**
 * Deletes a version with its files and tags, into the trash where it is to go there. FAILED_PRECONDITION while a live version
 * has it as child, or while an immutable tag names it; NOT_FOUND (VERSION_UNKNOWN) when it is not there.
 */
export async function removeVersion(
  tx: Transaction<Schema>,
  removal: VersionRemoval,
  mayUntag?: MayUntag,
): Promise<void> {
  const id = await requireRemovable(tx, removal, mayUntag);
  const { repositoryId, now, usual } = removal;
  await deleteRows(tx, repositoryId, [id], { now, usual });
  await recordEvent(tx, now, 'version.deleted', {
    repositoryId,
    package: removal.package,
    version: removal.version,
  });
}

/** The row id of a version that may be deleted; else the refusal of its deletion. */
export async function requireRemovable(
  tx: Transaction<Schema>,
  removal: Pick<VersionRemoval, 'repositoryId' | 'package' | 'version'>,
  mayUntag?: MayUntag,
): Promise<number> {
  const row = await tx
    .selectFrom('version')
    .innerJoin('package', 'package.id', 'version.package_id')
    .select(['version.id', 'version.package_id'])
    .where('package.repository_id', '=', removal.repositoryId)
    .where('package.name', '=', removal.package)
    .where('version.name', '=', removal.version)
    .executeTakeFirst();
  if (!row) throw notFound('VERSION', { version: removal.version });
  if (mayUntag) for (const tag of await tagsOf(tx, row.id)) await mayUntag({ tag, version: removal.version });

  const parent = await tx
    .selectFrom('version_link')
    .select('version')
    .where('package_id', '=', row.package_id)
    .where('kind', '=', 'child')
    .where('target', '=', removal.version)
    .executeTakeFirst();
  if (parent)
    throw new RegistryError(
      'FAILED_PRECONDITION',
      'HAS_PARENT',
      `manifest is referenced by parent manifests: delete ${parent.version} first`,
      { details: { version: removal.version, parent: parent.version } },
    );

  await requireUnheld(tx, (held) => held.where('version_id', '=', row.id));
  return row.id;
}

async function tagsOf(tx: Transaction<Schema>, versionId: number): Promise<readonly string[]> {
  const rows = await tx.selectFrom('tag').select('name').where('version_id', '=', versionId).execute();
  return rows.map(({ name }) => name);
}
