import { sql, type Transaction } from 'kysely';
import type { Cascade } from '../../../core/cascade.ts';
import type { MayUntag } from '../../../core/catalog.ts';
import type { VersionAddress } from '../../../core/resources.ts';
import { recordEvent } from '../outbox.ts';
import type { Schema } from '../schema.ts';
import { deleteRows, type UsualRetention } from '../trash.ts';
import { requireRemovable } from '../versions.ts';
import { removeVersionAndTags } from './delete-versions.ts';
import type { PackagePlace } from './places.ts';
import { planAlone, planCascade } from './plan-cascade.ts';

interface Removal {
  readonly address: VersionAddress;
  readonly place: PackagePlace;
  readonly now: number;
  readonly usual: UsualRetention;
  /** Whether what belongs to it alone goes along. */
  readonly cascade: boolean;
  /** Asked about each version that goes along, before anything does; refuses by throwing. */
  readonly mayDelete?: (version: string) => Promise<void>;
  readonly mayUntag?: MayUntag;
}

/** What the deletion would take, with the refusals that it would meet. */
export async function planDeletionOf(tx: Transaction<Schema>, removal: Removal): Promise<Cascade> {
  const { address, place, cascade, mayDelete, mayUntag } = removal;
  await requireRemovable(tx, { repositoryId: place.repositoryId, ...address }, mayUntag);
  const plan = await (cascade ? planCascade : planAlone)(tx, place.id, address.version);
  for (const { version, tags } of plan.deleted.slice(1)) {
    await mayDelete?.(version);
    for (const tag of tags) await mayUntag?.({ tag, version });
  }
  return plan;
}

/** Deletes a version and what goes with it: all of it together, or nothing. */
export async function deleteWith(tx: Transaction<Schema>, removal: Removal): Promise<Cascade> {
  const { address, place, now, usual, mayUntag } = removal;
  const { id: packageId, repositoryId } = place;
  const { package: pkg, version: root } = address;
  const plan = await planDeletionOf(tx, removal);
  await removeVersionAndTags(tx, { repositoryId, package: pkg, version: root, now, usual }, mayUntag);
  const others = plan.deleted.slice(1);
  if (others.length === 0) return plan;
  const names = JSON.stringify(others.map(({ version }) => version));
  const rows = await tx
    .selectFrom('version')
    .select('id')
    .where('package_id', '=', packageId)
    .where('name', 'in', sql<string>`(SELECT value FROM json_each(${names}))`)
    .execute();
  await deleteRows(
    tx,
    repositoryId,
    rows.map(({ id }) => id),
    { now, usual },
  );
  for (const { version, tags } of others) {
    await recordEvent(tx, now, 'version.deleted', { repositoryId, package: pkg, version });
    for (const tag of tags)
      await recordEvent(tx, now, 'tag.removed', { repositoryId, package: pkg, version, tag });
  }
  return plan;
}
