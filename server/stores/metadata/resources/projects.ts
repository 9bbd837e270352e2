import type { Kysely, Selectable, Transaction } from 'kysely';
import { notFound, RegistryError } from '../../../core/error.ts';
import type { Page, Slice } from '../../../core/page.ts';
import type { Document, OperationDraft, ProjectRecord, ProjectResources } from '../../../core/resources.ts';
import type { Transactions } from '../transactions.ts';
import { recordEvent } from '../outbox.ts';
import { grantRole } from '../policy-tables.ts';
import { insertProject } from '../projects.ts';
import { limits } from '../quotas.ts';
import type { ProjectTable, Schema } from '../schema.ts';
import { removeGrants } from './grants.ts';
import { recordOperation } from './operations.ts';
import { removeServiceAccountsOf } from './service-accounts.ts';
import { removeWorkloadPoolsOf } from './workload-pools.ts';

type Row = Selectable<ProjectTable>;

export class StoredProjects implements ProjectResources {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async get(id: string): Promise<ProjectRecord | undefined> {
    const row = await find(this.#database.read, id);
    return row && record(row);
  }

  async list({ limit, after = '' }: Page): Promise<Slice<ProjectRecord>> {
    const rows = await this.#database.read
      .selectFrom('project')
      .selectAll()
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit + 1)
      .execute();
    return { rows: rows.slice(0, limit).map(record), more: rows.length > limit };
  }

  create(
    { id, ...project }: Pick<ProjectRecord, 'id' | 'displayName' | 'labels' | 'quota'>,
    owner: string | undefined,
    draft: OperationDraft<ProjectRecord>,
  ): Promise<Document> {
    return this.#database.transaction(async (tx) => {
      const now = this.#now();
      const row = await insertProject(tx, { id, ...project, now });
      if (!row)
        throw new RegistryError('ALREADY_EXISTS', 'PROJECT_EXISTS', `project ${id} already exists`, {
          details: { project: id },
        });
      if (owner !== undefined) await grantRole(tx, `projects/${id}`, 'roles/owner', owner);
      return recordOperation(tx, { at: { project: '', location: '' }, draft, result: record(row), now });
    });
  }

  update(
    id: string,
    change: (current: ProjectRecord) => Pick<ProjectRecord, 'displayName' | 'labels' | 'quota'>,
  ): Promise<ProjectRecord> {
    return this.#change(id, (row) => {
      const { displayName, labels, quota } = change(record(row));
      return { display_name: displayName, labels: JSON.stringify(labels), ...limits(quota) };
    });
  }

  delete(id: string): Promise<void> {
    return this.#database.transaction(async (tx) => {
      const kept = await tx
        .selectFrom('repository')
        .select('name')
        .where('project', '=', id)
        .limit(1)
        .executeTakeFirst();
      if (kept)
        throw new RegistryError(
          'FAILED_PRECONDITION',
          'PROJECT_NOT_EMPTY',
          `project ${id} still has repositories, such as ${kept.name}: delete them first`,
          { details: { project: id, repository: kept.name } },
        );
      await removeServiceAccountsOf(tx, id);
      await removeWorkloadPoolsOf(tx, id);
      const { numDeletedRows } = await tx.deleteFrom('project').where('id', '=', id).executeTakeFirst();
      if (numDeletedRows === 0n) throw notFound('PROJECT', { project: id });
      await removeGrants(tx, `projects/${id}`);
      await recordEvent(tx, this.#now(), 'project.deleted', { project: id });
    });
  }

  async settings(id: string, key: string): Promise<Document | undefined> {
    const row = await find(this.#database.read, id);
    return row && settingsOf(row).get(key);
  }

  async updateSettings(id: string, key: string, change: (current: Document) => Document): Promise<Document> {
    let changed: Document = {};
    await this.#change(id, (row) => {
      const settings = settingsOf(row);
      changed = change(settings.get(key) ?? {});
      settings.set(key, changed);
      return { settings: JSON.stringify(Object.fromEntries(settings)) };
    });
    return changed;
  }

  #change(
    id: string,
    change: (
      row: Row,
    ) => Partial<Pick<Row, 'display_name' | 'labels' | 'settings' | 'max_bytes' | 'max_versions'>>,
  ): Promise<ProjectRecord> {
    return this.#database.transaction(async (tx) => {
      const now = this.#now();
      const row = await find(tx, id);
      if (!row) throw notFound('PROJECT', { project: id });
      const changed = { ...change(row), updated_at: now };
      await tx.updateTable('project').set(changed).where('id', '=', id).execute();
      await recordEvent(tx, now, 'project.updated', { project: id });
      return record({ ...row, ...changed });
    });
  }
}

const find = (db: Kysely<Schema> | Transaction<Schema>, id: string): Promise<Row | undefined> =>
  db.selectFrom('project').selectAll().where('id', '=', id).executeTakeFirst();

const settingsOf = (row: Row): Map<string, Document> =>
  new Map(Object.entries(JSON.parse(row.settings) as Record<string, Document>));

const record = (row: Row): ProjectRecord => ({
  id: row.id,
  number: row.number,
  displayName: row.display_name,
  labels: JSON.parse(row.labels) as Record<string, string>,
  quota: {
    ...(row.max_bytes !== null && { maxBytes: row.max_bytes }),
    ...(row.max_versions !== null && { maxVersions: row.max_versions }),
  },
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
