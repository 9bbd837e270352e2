import { type Transaction, sql } from 'kysely';
import type { Attributes, PublishPlan } from '../../core/catalog.ts';
import { noteText } from './package-texts.ts';
import { onlyRow, prepared } from './prepared.ts';
import type { Schema } from './schema.ts';

interface PackageRow {
  readonly repositoryId: number;
  readonly name: string;
  readonly now: number;
  readonly published: number | null;
}

interface PackageWanted {
  readonly repositoryId: number;
  readonly name: string;
  readonly now: number;
  /** Whether a version comes with it; without one the package is not listed. */
  readonly published: boolean;
}

const ensureRow = prepared((db, row: PackageRow) =>
  db
    .insertInto('package')
    .values({
      repository_id: row.repositoryId,
      name: row.name,
      created_at: row.now,
      updated_at: row.now,
      published_at: row.published,
    })
    .onConflict((conflict) =>
      conflict.columns(['repository_id', 'name']).doUpdateSet({
        published_at: sql`coalesce(package.published_at, ${row.published})`,
        updated_at: sql`CASE WHEN ${row.published} IS NULL THEN package.updated_at ELSE ${row.now} END`,
      }),
    )
    .returning(['id', 'attributes', 'revision']),
);
const ownName = prepared((db, { repositoryId, name }: Pick<PackageRow, 'repositoryId' | 'name'>) =>
  db
    .insertInto('owned_name')
    .values({ repository_id: repositoryId, name })
    .onConflict((conflict) => conflict.doNothing()),
);
const setAttributes = prepared(
  (db, { id, attributes }: { readonly id: number; readonly attributes: string }) =>
    db.updateTable('package').set({ attributes }).where('id', '=', id),
);

/** A package as it is before something is written to it. */
export interface KnownPackage {
  readonly id: number;
  readonly repositoryId: number;
  readonly name: string;
  /** JSON. */
  readonly attributes: string;
  /** Whether it never had anything: no version, no tag, no text to be found by. */
  readonly blank: boolean;
}

/** Made when it is not there, and its repository's for good once something is published. */
export async function ensurePackage(tx: Transaction<Schema>, wanted: PackageWanted): Promise<KnownPackage> {
  const { repositoryId, name, now, published } = wanted;
  const { rows } = await ensureRow(tx, { repositoryId, name, now, published: published ? now : null });
  if (published) await ownName(tx, { repositoryId, name });
  const { id, attributes, revision } = onlyRow(rows);
  return { id, repositoryId, name, attributes, blank: revision === 0 };
}

/** Gives the package attributes made of what they were, and text to be found by. */
export async function describePackage(
  tx: Transaction<Schema>,
  pkg: KnownPackage,
  { describe, searchText }: Pick<PublishPlan, 'describe' | 'searchText'>,
): Promise<void> {
  if (!describe && searchText === undefined) return;
  const { id } = pkg;
  if (describe) {
    const attributes = JSON.stringify(describe(JSON.parse(pkg.attributes) as Attributes));
    if (attributes !== pkg.attributes) await setAttributes(tx, { id, attributes });
  }
  if (searchText !== undefined) await noteText(tx, id, searchText);
}
