import { type Transaction, sql } from 'kysely';
import type { Attributes, PublishPlan } from '../../core/catalog.ts';
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

interface PackageText {
  readonly rowid: number;
  readonly repository: number;
  readonly name: string;
  readonly text: string;
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
    .returning('id'),
);
const ownName = prepared((db, { repositoryId, name }: Pick<PackageRow, 'repositoryId' | 'name'>) =>
  db
    .insertInto('owned_name')
    .values({ repository_id: repositoryId, name })
    .onConflict((conflict) => conflict.doNothing()),
);
const findPackage = prepared((db, { id }: { readonly id: number }) =>
  db.selectFrom('package').select(['name', 'repository_id', 'attributes']).where('id', '=', id),
);
const setAttributes = prepared(
  (db, { id, attributes }: { readonly id: number; readonly attributes: string }) =>
    db.updateTable('package').set({ attributes }).where('id', '=', id),
);
const dropText = prepared((db, { rowid }: Pick<PackageText, 'rowid'>) =>
  db.deleteFrom('package_text').where('rowid', '=', rowid),
);
const insertText = prepared((db, { rowid, repository, name, text }: PackageText) =>
  db.insertInto('package_text').values({ rowid, repository, name, text }),
);

/** The package's row id; made when it is not there, and its repository's for good once something is published. */
export async function ensurePackage(tx: Transaction<Schema>, wanted: PackageWanted): Promise<number> {
  const { repositoryId, name, now, published } = wanted;
  const { rows } = await ensureRow(tx, { repositoryId, name, now, published: published ? now : null });
  if (published) await ownName(tx, { repositoryId, name });
  return onlyRow(rows).id;
}

/** Gives the package attributes made of what they were, and text to be found by. */
export async function describePackage(
  tx: Transaction<Schema>,
  packageId: number,
  { describe, searchText }: Pick<PublishPlan, 'describe' | 'searchText'>,
): Promise<void> {
  if (!describe && searchText === undefined) return;
  const row = onlyRow((await findPackage(tx, { id: packageId })).rows);
  if (describe) {
    const attributes = JSON.stringify(describe(JSON.parse(row.attributes) as Attributes));
    if (attributes !== row.attributes) await setAttributes(tx, { id: packageId, attributes });
  }
  if (searchText === undefined) return;
  await dropText(tx, { rowid: packageId });
  await insertText(tx, { rowid: packageId, repository: row.repository_id, name: row.name, text: searchText });
}
