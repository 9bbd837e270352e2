import type { Kysely, Selectable, Transaction } from 'kysely';
import { notFound, RegistryError } from '../../../core/error.ts';
import {
  type Permit,
  poolName,
  type WorkloadPoolAddress,
  type WorkloadPoolRecord,
  type WorkloadPoolResources,
  type WorkloadText,
} from '../../../core/federation.ts';
import type { Document, Listed, ListQuery, OperationDraft } from '../../../core/resources.ts';
import { endFederated, forgetPool, membersOfPool } from '../pool-members.ts';
import type { Schema, WorkloadPoolTable } from '../schema.ts';
import type { Transactions } from '../transactions.ts';
import { keysetPage } from './keyset.ts';
import { recordOperation } from './operations.ts';

type Row = Selectable<WorkloadPoolTable>;

export class StoredWorkloadPools implements WorkloadPoolResources {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async get(address: WorkloadPoolAddress): Promise<WorkloadPoolRecord | undefined> {
    const row = await find(this.#database.read, address);
    return row && record(row);
  }

  async list(
    project: string,
    query: Pick<ListQuery, 'limit' | 'after'>,
  ): Promise<Listed<WorkloadPoolRecord>> {
    const pools = this.#database.read.selectFrom('workload_pool').selectAll().where('project', '=', project);
    const keyset = { columns: ['id'], position: (row: Row) => [row.id] };
    const { rows, next } = await keysetPage(pools, keyset, { ...query, descending: false });
    return { rows: rows.map(record), ...(next && { next }) };
  }

  create(
    { project, pool, ...text }: WorkloadPoolAddress & WorkloadText,
    draft: OperationDraft<WorkloadPoolRecord>,
  ): Promise<Document> {
    return this.#database.transaction(async (tx) => {
      const now = this.#now();
      const home = await tx.selectFrom('project').select('id').where('id', '=', project).executeTakeFirst();
      if (!home) throw notFound('PROJECT', { project });
      const row = await tx
        .insertInto('workload_pool')
        .values({ project, id: pool, ...textColumns(text), created_at: now, updated_at: now })
        .onConflict((conflict) => conflict.doNothing())
        .returningAll()
        .executeTakeFirst();
      if (!row) throw alreadyThere(poolName({ project, pool }));
      return finished(tx, draft, record(row), now);
    });
  }

  update(
    address: WorkloadPoolAddress,
    change: (current: WorkloadPoolRecord) => WorkloadText,
    permit: Permit,
    draft: OperationDraft<WorkloadPoolRecord>,
  ): Promise<Document> {
    return this.#database.transaction(async (tx) => {
      const now = this.#now();
      const before = record(await workloadPoolOf(tx, address));
      const after = change(before);
      if (before.disabled && !after.disabled) await permit(await membersOfPool(tx, address));
      if (!before.disabled && after.disabled) await endFederated(tx, poolName(address));
      const row = await tx
        .updateTable('workload_pool')
        .set({ ...textColumns(after), updated_at: now })
        .where('project', '=', address.project)
        .where('id', '=', address.pool)
        .returningAll()
        .executeTakeFirstOrThrow();
      return finished(tx, draft, record(row), now);
    });
  }

  delete(address: WorkloadPoolAddress, draft: OperationDraft<WorkloadPoolRecord>): Promise<Document> {
    return this.#database.transaction(async (tx) => {
      const row = await workloadPoolOf(tx, address);
      await removePool(tx, address);
      return finished(tx, draft, record(row), this.#now());
    });
  }
}

/** Removes the pools of a project that goes. */
export async function removeWorkloadPoolsOf(tx: Transaction<Schema>, project: string): Promise<void> {
  const rows = await tx.selectFrom('workload_pool').select('id').where('project', '=', project).execute();
  for (const { id } of rows) await removePool(tx, { project, pool: id });
}

async function removePool(tx: Transaction<Schema>, address: WorkloadPoolAddress): Promise<void> {
  await endFederated(tx, poolName(address));
  await forgetPool(tx, address);
  await tx
    .deleteFrom('workload_pool')
    .where('project', '=', address.project)
    .where('id', '=', address.pool)
    .execute();
}

const find = (db: Kysely<Schema>, { project, pool }: WorkloadPoolAddress): Promise<Row | undefined> =>
  db
    .selectFrom('workload_pool')
    .selectAll()
    .where('project', '=', project)
    .where('id', '=', pool)
    .executeTakeFirst();

export async function workloadPoolOf(db: Kysely<Schema>, address: WorkloadPoolAddress): Promise<Row> {
  const row = await find(db, address);
  if (!row) throw notFound('WORKLOAD_IDENTITY_POOL', { name: poolName(address) });
  return row;
}

export const alreadyThere = (name: string): RegistryError =>
  new RegistryError('ALREADY_EXISTS', 'ALREADY_EXISTS', `Requested entity already exists: ${name}.`, {
    details: { name },
  });

/** All of them are of one location, which is none. */
export const finished = <Result extends WorkloadPoolAddress>(
  tx: Transaction<Schema>,
  draft: OperationDraft<Result>,
  result: Result,
  now: number,
): Promise<Document> =>
  recordOperation(tx, { at: { project: result.project, location: 'global' }, draft, result, now });

export const textColumns = ({ displayName, description, disabled }: WorkloadText) => ({
  display_name: displayName,
  description,
  disabled: disabled ? 1 : 0,
});
export const textOf = (row: Pick<Row, 'display_name' | 'description' | 'disabled'>): WorkloadText => ({
  displayName: row.display_name,
  description: row.description,
  disabled: row.disabled === 1,
});

const record = (row: Row): WorkloadPoolRecord => ({
  project: row.project,
  pool: row.id,
  ...textOf(row),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
