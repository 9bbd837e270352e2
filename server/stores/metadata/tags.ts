import type { SelectQueryBuilder, Transaction } from 'kysely';
import { notFound, RegistryError } from '../../core/error.ts';
import { recordEvent } from './outbox.ts';
import { prepared } from './prepared.ts';
import type { Schema } from './schema.ts';
import { isImmutableTag } from './sqlite-errors.ts';

interface TagWrite {
  readonly repositoryId: number;
  readonly packageId: number;
  readonly package: string;
  readonly tag: string;
  readonly versionId: number;
  readonly version: string;
  readonly now: number;
}

/** What whoever sets a tag knows already. */
interface KnownOfTag {
  /** That there is no tag of this name. */
  readonly isNew?: boolean;
  /** That its version was changed at the same time. */
  readonly isTouched?: boolean;
}

const immutableTag = (tag: string): RegistryError =>
  new RegistryError(
    'FAILED_PRECONDITION',
    'IMMUTABLE_TAG',
    `tag ${tag} cannot be moved or removed: the repository has immutable tags, and this is one; use a new tag`,
    { details: { tag } },
  );

/** Points a tag at a version. The same version again changes nothing; the last writer of a mutable tag wins. */
export async function setTag(
  tx: Transaction<Schema>,
  write: TagWrite,
  { isNew = false, isTouched = false }: KnownOfTag = {},
): Promise<void> {
  const [known] = isNew ? [] : (await findTag(tx, write)).rows;
  if (known?.version_id === write.versionId) return;

  try {
    await putTag(tx, write);
  } catch (thrown) {
    throw isImmutableTag(thrown) ? immutableTag(write.tag) : thrown;
  }
  if (!isTouched) await touchVersion(tx, write);
  await recordEvent(tx, write.now, 'tag.set', {
    repositoryId: write.repositoryId,
    package: write.package,
    tag: write.tag,
    version: write.version,
  });
}

const findTag = prepared((db, write: TagWrite) =>
  db
    .selectFrom('tag')
    .select('version_id')
    .where('package_id', '=', write.packageId)
    .where('name', '=', write.tag),
);
const putTag = prepared((db, write: TagWrite) =>
  db
    .insertInto('tag')
    .values({
      package_id: write.packageId,
      name: write.tag,
      version_id: write.versionId,
      created_at: write.now,
      updated_at: write.now,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['package_id', 'name'])
        .doUpdateSet({ version_id: write.versionId, updated_at: write.now }),
    ),
);
const touchVersion = prepared((db, write: TagWrite) =>
  db.updateTable('version').set({ updated_at: write.now }).where('id', '=', write.versionId),
);

type HeldTags = SelectQueryBuilder<Schema, 'held_tag', { readonly name: string }>;

/** FAILED_PRECONDITION (IMMUTABLE_TAG) when one of these tags must stay what it is. */
export async function requireUnheld(
  tx: Transaction<Schema>,
  among: (held: HeldTags) => HeldTags,
): Promise<void> {
  const held = await among(tx.selectFrom('held_tag').select('name')).limit(1).executeTakeFirst();
  if (held) throw immutableTag(held.name);
}

interface TagRemoval {
  readonly repositoryId: number;
  readonly package: string;
  readonly tag: string;
  readonly now: number;
}

/** NOT_FOUND (TAG_UNKNOWN) when it is not there, FAILED_PRECONDITION (IMMUTABLE_TAG) where it is immutable. */
export async function removeTag(tx: Transaction<Schema>, removal: TagRemoval): Promise<void> {
  const row = await tx
    .selectFrom('tag')
    .innerJoin('package', 'package.id', 'tag.package_id')
    .innerJoin('version', 'version.id', 'tag.version_id')
    .select(['tag.package_id', 'version.name as version'])
    .where('package.repository_id', '=', removal.repositoryId)
    .where('package.name', '=', removal.package)
    .where('tag.name', '=', removal.tag)
    .executeTakeFirst();
  if (!row) throw notFound('TAG', { tag: removal.tag });
  await requireUnheld(tx, (held) =>
    held.where('package_id', '=', row.package_id).where('name', '=', removal.tag),
  );
  await tx
    .deleteFrom('tag')
    .where('package_id', '=', row.package_id)
    .where('name', '=', removal.tag)
    .execute();
  await recordEvent(tx, removal.now, 'tag.removed', {
    repositoryId: removal.repositoryId,
    package: removal.package,
    tag: removal.tag,
    version: row.version,
  });
}
