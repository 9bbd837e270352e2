import type { Statement } from 'bun:sqlite';
import type { FetchKey, FetchLeases, LeasedFetch, SeenFetch } from '../../core/fetch-leases.ts';
import type { Transactions } from './transactions.ts';

/** Of fetches that were kept: nobody's. */
const NOBODY = '';
/** Milliseconds that others have to see that a fetch was kept. */
const KEPT_FOR = 10_000;
/** Milliseconds after which nobody will come for what a process left behind. */
const LEFT_FOR = 86_400_000;

interface Row {
  readonly owner: string;
  readonly upload: string | null;
  readonly size: number | null;
  readonly lease_until: number;
}

/** Leases of fetches in the database. Looked at again and again while another process fetches, so prepared. */
export class FetchTables implements FetchLeases {
  readonly #database: Transactions;
  readonly #find: Statement<Row, [number, string]>;

  constructor(database: Transactions) {
    this.#database = database;
    this.#find = database.reading.prepare(
      'SELECT owner, upload, size, lease_until FROM upstream_fetch WHERE repository_id = ? AND what = ?',
    );
  }

  find({ repositoryId, what }: FetchKey): SeenFetch | undefined {
    const row = this.#find.get(repositoryId, what);
    if (!row) return undefined;
    return {
      kept: row.owner === NOBODY,
      upload: row.upload ?? '',
      leaseUntil: row.lease_until,
      ...(row.size !== null && { size: row.size }),
    };
  }

  async claim(key: FetchKey, owner: string, fetch: LeasedFetch, now: number): Promise<boolean> {
    const values = { owner, ...columnsOf(fetch) };
    const { numInsertedOrUpdatedRows } = await this.#database.transaction((tx) =>
      tx
        .insertInto('upstream_fetch')
        .values({ repository_id: key.repositoryId, what: key.what, ...values })
        .onConflict((conflict) =>
          conflict
            .columns(['repository_id', 'what'])
            .doUpdateSet(values)
            .where((row) =>
              row.or([
                row('upstream_fetch.owner', '=', NOBODY),
                row('upstream_fetch.lease_until', '<', now),
                // Given before the clock was put back.
                row('upstream_fetch.lease_until', '>', fetch.leaseUntil),
              ]),
            ),
        )
        .executeTakeFirst(),
    );
    return numInsertedOrUpdatedRows === 1n;
  }

  async update(key: FetchKey, owner: string, fetch: LeasedFetch): Promise<void> {
    await this.#database.transaction((tx) =>
      tx
        .updateTable('upstream_fetch')
        .set(columnsOf(fetch))
        .where('repository_id', '=', key.repositoryId)
        .where('what', '=', key.what)
        .where('owner', '=', owner)
        .execute(),
    );
  }

  async release(key: FetchKey, owner: string, upload: string | undefined, now: number): Promise<void> {
    await this.#database.transaction(async (tx) => {
      if (upload !== undefined)
        await tx
          .updateTable('upstream_fetch')
          .set({ owner: NOBODY, upload, lease_until: now })
          .where('repository_id', '=', key.repositoryId)
          .where('what', '=', key.what)
          .where('owner', '=', owner)
          .execute();
      await tx
        .deleteFrom('upstream_fetch')
        .where((row) =>
          row.or([
            row.and([
              row('repository_id', '=', key.repositoryId),
              row('what', '=', key.what),
              row('owner', '=', owner),
            ]),
            row.and([row('owner', '=', NOBODY), row('lease_until', '<', now - KEPT_FOR)]),
            row('lease_until', '<', now - LEFT_FOR),
          ]),
        )
        .execute();
    });
  }
}

const columnsOf = ({ upload, size, leaseUntil }: LeasedFetch) => ({
  upload,
  size: size ?? null,
  lease_until: leaseUntil,
});
