import type { Kysely, Selectable } from 'kysely';
import { notFound } from '../../../core/error.ts';
import type { RepositoryAddress } from '../../../core/repository.ts';
import type { Listed, ListQuery } from '../../../core/resources.ts';
import type { DeletedAddress, DeletedVersion, MayRestore, Restored, Trash } from '../../../core/trash.ts';
import { restoreVersion } from '../restore-version.ts';
import type { Schema } from '../schema.ts';
import type { DeletedVersionTable } from '../schema-trash.ts';
import type { Transactions } from '../transactions.ts';
import { type Keyset, keysetPage } from './keyset.ts';
import { findRepository, repositoryOf } from './places.ts';

type Row = Selectable<DeletedVersionTable>;

/** What was deleted and can be had back. */
export class StoredTrash implements Trash {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async get(address: DeletedAddress): Promise<DeletedVersion | undefined> {
    const row = await find(this.#database.read, address);
    return row && record(row);
  }

  async list(
    of: RepositoryAddress & { readonly package?: string },
    page: Pick<ListQuery, 'limit' | 'after'>,
  ): Promise<Listed<DeletedVersion>> {
    const { read } = this.#database;
    const repositoryId = await repositoryOf(read, of);
    const all = read
      .selectFrom('deleted_version')
      .selectAll()
      .where('repository_id', '=', repositoryId)
      .$if(of.package !== undefined, (some) => some.where('package', '=', of.package ?? ''));
    const { rows, ...rest } = await keysetPage(all, BY_DELETION, { ...page, descending: true });
    return { ...rest, rows: rows.map(record) };
  }

  undelete(address: DeletedAddress, mayRestore: MayRestore): Promise<Restored> {
    return this.#database.transaction(
      async (tx) => {
        const row = await find(tx, address);
        if (!row) throw missing(address);
        return restoreVersion(tx, row, { now: this.#now(), mayRestore });
      },
      (restored) => ({ response: { ...restored } }),
    );
  }

  purge(address: DeletedAddress): Promise<void> {
    return this.#database.transaction(async (tx) => {
      const row = await find(tx, address);
      if (!row) throw missing(address);
      await tx.deleteFrom('deleted_version').where('id', '=', row.id).execute();
    });
  }
}

const missing = ({ id }: DeletedAddress) => notFound('DELETED_VERSION', { deletedVersion: id });

const BY_DELETION: Keyset<Row> = { columns: ['id'], position: ({ id }) => [id] };

async function find(db: Kysely<Schema>, address: DeletedAddress): Promise<Row | undefined> {
  const repositoryId = await findRepository(db, address);
  if (repositoryId === undefined || !/^\d{1,15}$/.test(address.id)) return undefined;
  return db
    .selectFrom('deleted_version')
    .selectAll()
    .where('id', '=', Number(address.id))
    .where('repository_id', '=', repositoryId)
    .executeTakeFirst();
}

const record = (row: Row): DeletedVersion => ({
  id: String(row.id),
  package: row.package,
  version: row.name,
  tags: JSON.parse(row.tags) as string[],
  size: row.size,
  createdAt: row.created_at,
  deletedAt: row.deleted_at,
  purgeAt: row.purge_at,
  ...(row.member !== null && { member: row.member }),
});
