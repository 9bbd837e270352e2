import { setImmediate } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import type { MayUntag } from '../../../core/catalog.ts';
import { RegistryError } from '../../../core/error.ts';
import type { Document, OperationDraft, PackageAddress } from '../../../core/resources.ts';
import type { Transactions } from '../transactions.ts';
import { recordEvent } from '../outbox.ts';
import { listed } from '../listed.ts';
import type { Schema } from '../schema.ts';
import type { UsualRetention } from '../trash.ts';
import { removeVersion } from '../versions.ts';
import { planDeletion } from './deletion-plan.ts';
import { recordOperation } from './operations.ts';
import { packageOf } from './places.ts';

interface Removal {
  readonly repositoryId: number;
  readonly package: string;
  readonly version: string;
  readonly now: number;
  readonly usual: UsualRetention;
}

/** FAILED_PRECONDITION, with nothing done, for a child of another version or where a tag must stay. */
export async function removeVersionAndTags(
  tx: Transaction<Schema>,
  removal: Removal,
  mayUntag?: MayUntag,
): Promise<void> {
  const tags = await tx
    .selectFrom('tag')
    .innerJoin('version', 'version.id', 'tag.version_id')
    .innerJoin('package', 'package.id', 'version.package_id')
    .select('tag.name')
    .where('package.repository_id', '=', removal.repositoryId)
    .where('package.name', '=', removal.package)
    .where('version.name', '=', removal.version)
    .execute();
  await removeVersion(tx, removal, mayUntag);
  const { repositoryId, package: pkg, version, now } = removal;
  for (const { name } of tags)
    await recordEvent(tx, now, 'tag.removed', { repositoryId, package: pkg, version, tag: name });
}

/** Versions one transaction takes: few enough that other writers hardly wait. */
const STEP = 200;

interface Job {
  readonly database: Transactions;
  readonly parent: PackageAddress;
  readonly now: () => number;
  readonly usual: UsualRetention;
}

interface Wish {
  readonly validateOnly: boolean;
  readonly mayUntag?: MayUntag;
  readonly draft: OperationDraft<readonly string[]>;
}

/** Deletes those versions that can be deleted, whatever order they were named in; the operation is written last. */
export async function deleteVersions(job: Job, versions: readonly string[], wish: Wish): Promise<Document> {
  const { database, parent, now } = job;
  const { id } = await packageOf(database.read, parent);
  const held = await heldByTags(database.read, id, versions, wish.mayUntag);
  const wanted = [...new Set(versions)].filter((version) => !held.has(version));
  const { possible, refused } = await planDeletion(database.read, id, wanted);
  const left = [...refused, ...held];
  for (let at = 0; !wish.validateOnly && at < possible.length; at += STEP) {
    left.push(...(await removeSome(job, possible.slice(at, at + STEP), wish)));
    await setImmediate();
  }
  return database.transaction(
    (tx) => recordOperation(tx, { at: parent, draft: wish.draft, result: left, now: now() }),
    () => ({ response: { failedVersions: left } }),
  );
}

/** Answers the versions that something held on to since the plan was made. */
async function removeSome(
  { database, parent, now, usual }: Job,
  versions: readonly string[],
  { mayUntag }: Wish,
): Promise<readonly string[]> {
  return database.transaction(async (tx) => {
    const { repositoryId } = await packageOf(tx, parent);
    const refused: string[] = [];
    for (const version of versions) {
      try {
        const removal = { repositoryId, package: parent.package, version, now: now(), usual };
        await removeVersionAndTags(tx, removal, mayUntag);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refused.push(version);
      }
    }
    return refused;
  }, STEP_OF_MANY);
}

const STEP_OF_MANY = () => ({ part: 'step' }) as const;

const REFUSALS: ReadonlySet<string> = new Set(['NOT_FOUND', 'FAILED_PRECONDITION', 'PERMISSION_DENIED']);
const isRefusal = (thrown: unknown): boolean => thrown instanceof RegistryError && REFUSALS.has(thrown.code);

/** Versions with a tag that may not go. */
async function heldByTags(
  db: Kysely<Schema>,
  packageId: number,
  versions: readonly string[],
  mayUntag: MayUntag | undefined,
): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  if (!mayUntag) return held;
  const tags = await db
    .selectFrom('tag')
    .innerJoin('version', 'version.id', 'tag.version_id')
    .select(['tag.name as tag', 'version.name as version'])
    .where('tag.package_id', '=', packageId)
    .where('version.name', 'in', listed(versions))
    .execute();
  for (const tag of tags)
    await mayUntag(tag).catch((error: unknown) => {
      if (!isRefusal(error)) throw error;
      held.add(tag.version);
    });
  return held;
}
