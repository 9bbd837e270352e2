import { isDeepStrictEqual } from 'node:util';
import type { Kysely, Selectable } from 'kysely';
import { notFound } from '../../../core/error.ts';
import {
  type Permit,
  type ProviderConfig,
  providerName,
  type WorkloadPoolAddress,
  type WorkloadProviderAddress,
  type WorkloadProviderRecord,
  type WorkloadProviderResources,
  type WorkloadProviderSettings,
} from '../../../core/federation.ts';
import type { Document, Listed, ListQuery, OperationDraft } from '../../../core/resources.ts';
import { endFederated, membersOfPool } from '../pool-members.ts';
import type { Schema, WorkloadProviderTable } from '../schema.ts';
import type { Transactions } from '../transactions.ts';
import { keysetPage } from './keyset.ts';
import { alreadyThere, finished, textColumns, textOf, workloadPoolOf } from './workload-pools.ts';

type Row = Selectable<WorkloadProviderTable>;

export class StoredWorkloadProviders implements WorkloadProviderResources {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async get(address: WorkloadProviderAddress): Promise<WorkloadProviderRecord | undefined> {
    const row = await find(this.#database.read, address);
    return row && record(row);
  }

  async list(
    pool: WorkloadPoolAddress,
    query: Pick<ListQuery, 'limit' | 'after'>,
  ): Promise<Listed<WorkloadProviderRecord>> {
    await workloadPoolOf(this.#database.read, pool);
    const providers = this.#database.read
      .selectFrom('workload_provider')
      .selectAll()
      .where('project', '=', pool.project)
      .where('pool', '=', pool.pool);
    const keyset = { columns: ['id'], position: (row: Row) => [row.id] };
    const { rows, next } = await keysetPage(providers, keyset, { ...query, descending: false });
    return { rows: rows.map(record), ...(next && { next }) };
  }

  create(
    provider: WorkloadProviderAddress & WorkloadProviderSettings,
    permit: Permit,
    draft: OperationDraft<WorkloadProviderRecord>,
  ): Promise<Document> {
    return this.#database.transaction(async (tx) => {
      const now = this.#now();
      await workloadPoolOf(tx, provider);
      await permit(await membersOfPool(tx, provider));
      const { project, pool, provider: id, config } = provider;
      const row = await tx
        .insertInto('workload_provider')
        .values({
          project,
          pool,
          id,
          ...textColumns(provider),
          config: JSON.stringify(config),
          created_at: now,
          updated_at: now,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returningAll()
        .executeTakeFirst();
      if (!row) throw alreadyThere(providerName(provider));
      return finished(tx, draft, record(row), now);
    });
  }

  update(
    address: WorkloadProviderAddress,
    change: (current: WorkloadProviderRecord) => Promise<WorkloadProviderSettings>,
    permit: Permit,
    draft: OperationDraft<WorkloadProviderRecord>,
  ): Promise<Document> {
    return this.#database.transaction(async (tx) => {
      const now = this.#now();
      const before = record(await providerOf(tx, address));
      const after = await change(before);
      const vouchesAnew = !isDeepStrictEqual(after.config, before.config);
      if (vouchesAnew || (before.disabled && !after.disabled)) await permit(await membersOfPool(tx, address));
      if (vouchesAnew || after.disabled) await endFederated(tx, providerName(address));
      const row = await tx
        .updateTable('workload_provider')
        .set({ ...textColumns(after), config: JSON.stringify(after.config), updated_at: now })
        .where('project', '=', address.project)
        .where('pool', '=', address.pool)
        .where('id', '=', address.provider)
        .returningAll()
        .executeTakeFirstOrThrow();
      return finished(tx, draft, record(row), now);
    });
  }

  delete(address: WorkloadProviderAddress, draft: OperationDraft<WorkloadProviderRecord>): Promise<Document> {
    return this.#database.transaction(async (tx) => {
      const row = await providerOf(tx, address);
      await endFederated(tx, providerName(address));
      await tx
        .deleteFrom('workload_provider')
        .where('project', '=', address.project)
        .where('pool', '=', address.pool)
        .where('id', '=', address.provider)
        .execute();
      return finished(tx, draft, record(row), this.#now());
    });
  }
}

const find = (
  db: Kysely<Schema>,
  { project, pool, provider }: WorkloadProviderAddress,
): Promise<Row | undefined> =>
  db
    .selectFrom('workload_provider')
    .selectAll()
    .where('project', '=', project)
    .where('pool', '=', pool)
    .where('id', '=', provider)
    .executeTakeFirst();

async function providerOf(db: Kysely<Schema>, address: WorkloadProviderAddress): Promise<Row> {
  const row = await find(db, address);
  if (!row) throw notFound('WORKLOAD_IDENTITY_POOL_PROVIDER', { name: providerName(address) });
  return row;
}

const record = (row: Row): WorkloadProviderRecord => ({
  project: row.project,
  pool: row.pool,
  provider: row.id,
  ...textOf(row),
  config: JSON.parse(row.config) as ProviderConfig,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
