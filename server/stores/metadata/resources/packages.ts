import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import { notFound } from '../../../core/error.ts';
import { type RepositoryAddress, repositoryName } from '../../../core/repository.ts';
import type {
  Condition,
  Document,
  Listed,
  ListQuery,
  OperationDraft,
  PackageAddress,
  PackageDeletion,
  PackageRecord,
  PackageResources,
  SortField,
} from '../../../core/resources.ts';
import type { Transactions } from '../transactions.ts';
import { recordEvent } from '../outbox.ts';
import type { PackageTable, Schema } from '../schema.ts';
import { requireUnheld } from '../tags.ts';
import { deleteRows, rememberPackage, type UsualRetention } from '../trash.ts';
import { inSteps, STEP, stepOf } from './in-steps.ts';
import { type Keyset, keysetPage } from './keyset.ts';
import { annotationMatching, type Matching, nameMatching } from './matching.ts';
import { recordOperation } from './operations.ts';
import { findRepository, packageOf } from './places.ts';

type Row = Selectable<PackageTable>;

export class StoredPackages implements PackageResources {
  readonly #database: Transactions;
  readonly #now: () => number;
  readonly #usual: UsualRetention;

  constructor(database: Transactions, now: () => number, usual?: UsualRetention) {
    this.#database = database;
    this.#now = now;
    this.#usual = usual;
  }

  async get(address: PackageAddress): Promise<PackageRecord | undefined> {
    const row = await find(this.#database.read, address);
    return row && record(row);
  }

  async list(
    parent: RepositoryAddress,
    { condition, order, ...wanted }: ListQuery,
  ): Promise<Listed<PackageRecord>> {
    const repositoryId = await findRepository(this.#database.read, parent);
    if (repositoryId === undefined) throw notFound('REPOSITORY', { repository: parent.repository });
    const rows = this.#database.read
      .selectFrom('package')
      .selectAll()
      .where('repository_id', '=', repositoryId)
      .where('published_at', 'is not', null);
    const matching = condition && matchingOf(parent, condition);
    const page = await keysetPage(
      rows,
      KEYSETS[order.by],
      { ...wanted, descending: order.descending },
      matching,
    );
    return { ...page, rows: page.rows.map(record) };
  }

  annotate(
    address: PackageAddress,
    change: (current: PackageRecord) => PackageRecord['annotations'],
  ): Promise<PackageRecord> {
    return this.#database.transaction(async (tx) => {
      const now = this.#now();
      const row = await find(tx, address);
      if (!row) throw notFound('PACKAGE', { package: address.package });
      const changed = { annotations: JSON.stringify(change(record(row))), updated_at: now };
      await tx.updateTable('package').set(changed).where('id', '=', row.id).execute();
      await recordEvent(tx, now, 'package.updated', {
        repositoryId: row.repository_id,
        package: address.package,
      });
      return record({ ...row, ...changed });
    });
  }

  delete(
    address: PackageAddress,
    { permanently }: PackageDeletion,
    draft: OperationDraft,
  ): Promise<Document> {
    const usual = permanently ? undefined : this.#usual;
    const now = this.#now();
    return inSteps(() =>
      this.#database.transaction(async (tx) => {
        const { id, repositoryId } = await packageOf(tx, address);
        await requireUnheld(tx, (held) => held.where('package_id', '=', id));

        const some = await tx
          .selectFrom('version')
          .select('id')
          .where('package_id', '=', id)
          .limit(STEP)
          .execute();
        const ids = some.map((row) => row.id);
        await deleteRows(tx, repositoryId, ids, { now, usual });
        if (ids.length >= STEP || (await hasFilesLeft(tx, id))) return undefined;
        await rememberPackage(tx, id);
        await tx.deleteFrom('package').where('id', '=', id).execute();
        await recordEvent(tx, now, 'package.deleted', { repositoryId, package: address.package });
        return recordOperation(tx, { at: address, draft, result: undefined, now });
      }, stepOf),
    );
  }
}

/** Takes out one step's worth of loose files and says whether more may be left. One that another package uses stays. */
async function hasFilesLeft(tx: Transaction<Schema>, packageId: number): Promise<boolean> {
  const some = sql<number>`(SELECT id FROM file WHERE package_id = ${packageId} AND version_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM version_use WHERE file_id = file.id) LIMIT ${STEP})`;
  const { numDeletedRows } = await tx.deleteFrom('file').where('id', 'in', some).executeTakeFirst();
  if (numDeletedRows >= STEP) return true;
  await tx.updateTable('file').set({ package_id: null }).where('package_id', '=', packageId).execute();
  return false;
}

const KEYSETS: Readonly<Record<SortField, Keyset<Row>>> = {
  name: { columns: ['name'], position: (row) => [row.name] },
  createTime: { columns: ['created_at', 'name'], position: (row) => [row.created_at, row.name] },
  updateTime: { columns: ['updated_at', 'name'], position: (row) => [row.updated_at, row.name] },
};

function matchingOf(parent: RepositoryAddress, condition: Condition): Matching<Row> {
  if (condition.field === 'annotations')
    return annotationMatching('annotations', condition.key, condition.pattern);
  const below = `${repositoryName(parent)}/packages/`;
  return nameMatching({ below, column: 'name', id: (row) => row.name }, condition.pattern);
}

async function find(db: Kysely<Schema>, address: PackageAddress): Promise<Row | undefined> {
  const repositoryId = await findRepository(db, address);
  if (repositoryId === undefined) return undefined;
  return db
    .selectFrom('package')
    .selectAll()
    .where('repository_id', '=', repositoryId)
    .where('name', '=', address.package)
    .where('published_at', 'is not', null)
    .executeTakeFirst();
}

const record = (row: Row): PackageRecord => ({
  package: row.name,
  annotations: JSON.parse(row.annotations) as Record<string, string>,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
