import type { Transaction } from 'kysely';
import type { Removal, VersionDetail } from '../../core/cleanup-store.ts';
import { RegistryError } from '../../core/error.ts';
import { detailsOf } from './cleanup-facts.ts';
import { removeVersionAndTags } from './resources/delete-versions.ts';
import type { Schema } from './schema.ts';
import type { UsualRetention } from './trash.ts';

/**
 * Deletes those of the versions that are still as they were when that was decided: no tag more or less, neither published nor pulled again,
 * and nothing there that they belong to. Answers the names of the others.
 */
export async function removeUnchanged(
  tx: Transaction<Schema>,
  { repositoryId, package: pkg, versions }: Removal,
  { now, usual }: { readonly now: number; readonly usual: UsualRetention },
): Promise<readonly string[]> {
  const current = await detailsOf(
    tx,
    versions.map(({ id }) => id),
  );
  const known = new Map(current.map((detail) => [detail.id, detail]));
  const left: string[] = [];
  for (const decided of versions) {
    const { version } = decided;
    if (!isSame(decided, known.get(decided.id)) || (await hasSubject(tx, decided.id))) left.push(version);
    else if (
      !(await isRemoved(removeVersionAndTags(tx, { repositoryId, package: pkg, version, now, usual })))
    )
      left.push(version);
  }
  return left;
}

const isSame = (decided: VersionDetail, current: VersionDetail | undefined): boolean =>
  decided.updatedAt === current?.updatedAt &&
  decided.pulledAt === current.pulledAt &&
  decided.tags.length === current.tags.length &&
  decided.tags.every((tag, index) => tag === current.tags[index]);

async function hasSubject(tx: Transaction<Schema>, versionId: number): Promise<boolean> {
  const subject = await tx
    .selectFrom('version_link as link')
    .innerJoin('version', (join) =>
      join.onRef('version.package_id', '=', 'link.package_id').onRef('version.name', '=', 'link.target'),
    )
    .select('version.id')
    .where('link.version_id', '=', versionId)
    .where('link.kind', 'in', ['subject', 'companion'])
    .executeTakeFirst();
  return subject !== undefined;
}

/** False where the store itself holds on to it: for an index that was pushed meanwhile, or a tag that must stay. */
const isRemoved = (removal: Promise<void>): Promise<boolean> =>
  removal.then(
    () => true,
    (error: unknown) => {
      if (
        error instanceof RegistryError &&
        (error.code === 'NOT_FOUND' || error.code === 'FAILED_PRECONDITION')
      )
        return false;
      throw error;
    },
  );
