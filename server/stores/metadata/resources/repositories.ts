import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import { notFound, RegistryError } from '../../../core/error.ts';
import type { Mode, RepositoryAddress } from '../../../core/repository.ts';
import { repositoryName } from '../../../core/repository.ts';
import type {
  Document,
  Listed,
  ListQuery,
  NewRepository,
  OperationDraft,
  RepositoryRecord,
  RepositoryResources,
  RepositorySettings,
  SortField,
  WrittenSettings,
} from '../../../core/resources.ts';
import type { SecretSealer } from '../../../lib/sealed-secret.ts';
import type { Transactions } from '../transactions.ts';
import { immutability } from '../immutable-tags.ts';
import { limits } from '../quotas.ts';
import { insertRepository } from '../new-repository.ts';
import { recordEvent } from '../outbox.ts';
import { keepUpstreamSecret } from '../upstream-secrets.ts';
import type { RepositoryTable, Schema } from '../schema.ts';
import { removeGrants } from './grants.ts';
import { inSteps, STEP, stepOf } from './in-steps.ts';
import { type Keyset, keysetPage } from './keyset.ts';
import { nameMatching, textMatching } from './matching.ts';
import { requireNoMembership } from './membership.ts';
import { recordOperation } from './operations.ts';
import { repositoryOf } from './places.ts';

type Row = Selectable<RepositoryTable>;

/** Stands for every location in the parent of a list. */
const ANYWHERE = '-';

export class StoredRepositories implements RepositoryResources {
  readonly #database: Transactions;
  readonly #now: () => number;
  readonly #secrets: SecretSealer | undefined;

  /** Without a sealer, no secrets can be kept. */
  constructor(database: Transactions, now: () => number, secrets?: SecretSealer) {
    this.#database = database;
    this.#now = now;
    this.#secrets = secrets;
  }

  async get(address: RepositoryAddress): Promise<RepositoryRecord | undefined> {
    const row = await find(this.#database.read, address);
    return row && record(row);
  }

  async list(
    { project, location }: Pick<RepositoryAddress, 'project' | 'location'>,
    { condition, order, ...wanted }: ListQuery,
  ): Promise<Listed<RepositoryRecord>> {
    const everywhere = location === ANYWHERE;
    const rows = this.#database.read
      .selectFrom('repository')
      .selectAll()
      .where('project', '=', project)
      .$if(!everywhere, (narrowed) => narrowed.where('location', '=', location));
    const matching = condition && (everywhere ? anyNameLike : nameLike(project, location))(condition.pattern);
    const keyset = (everywhere ? IN_PROJECT : IN_LOCATION)[order.by];
    const page = await keysetPage(rows, keyset, { ...wanted, descending: order.descending }, matching);
    return { ...page, rows: page.rows.map(record) };
  }

  create(
    repository: NewRepository & WrittenSettings,
    draft: OperationDraft<RepositoryRecord>,
  ): Promise<Document> {
    return this.#database.transaction(async (tx) => {
      const now = this.#now();
      const { project, location } = repository;
      const row = await insertRepository(tx, repository, now);
      if (!row)
        throw new RegistryError('ALREADY_EXISTS', 'REPOSITORY_EXISTS', 'the repository already exists', {
          details: { name: repositoryName(repository) },
        });
      await keepUpstreamSecret(tx, this.#secrets, row.id, repository.upstreamSecret);
      return recordOperation(tx, { at: { project, location }, draft, result: record(row), now });
    });
  }

  update(
    address: RepositoryAddress,
    change: (current: RepositoryRecord) => WrittenSettings,
  ): Promise<RepositoryRecord> {
    return this.#database.transaction(async (tx) => {
      const now = this.#now();
      const row = await find(tx, address);
      if (!row) throw notFound('REPOSITORY', { repository: address.repository });
      const { upstreamSecret, ...settings } = change(record(row));
      const changed = { ...columns(settings), updated_at: now };
      await tx.updateTable('repository').set(changed).where('id', '=', row.id).execute();
      await keepUpstreamSecret(tx, this.#secrets, row.id, upstreamSecret);
      await recordEvent(tx, now, 'repository.updated', {
        repositoryId: row.id,
        name: repositoryName(address),
      });
      return record({ ...row, ...changed });
    });
  }

  delete(address: RepositoryAddress, draft: OperationDraft): Promise<Document> {
    return inSteps(() =>
      this.#database.transaction(async (tx) => {
        const now = this.#now();
        const id = await repositoryOf(tx, address);
        await requireNoMembership(tx, address);
        if (await isStillFull(tx, id)) return undefined;
        await tx.deleteFrom('repository').where('id', '=', id).execute();
        await removeGrants(tx, repositoryName(address));
        await recordEvent(tx, now, 'repository.deleted', { repositoryId: id, name: repositoryName(address) });
        return recordOperation(tx, { at: address, draft, result: undefined, now });
      }, stepOf),
    );
  }
}

/** Takes out one step's worth of content and says whether more may be left. */
async function isStillFull(tx: Transaction<Schema>, repositoryId: number): Promise<boolean> {
  for (const table of ['document', 'version', 'deleted_version', 'file', 'package', 'tag_event'] as const) {
    const some = sql<number>`(SELECT id FROM ${sql.table(table)} WHERE repository_id = ${repositoryId} LIMIT ${STEP})`;
    const { numDeletedRows } = await tx.deleteFrom(table).where('id', 'in', some).executeTakeFirst();
    if (numDeletedRows >= STEP) return true;
  }
  return false;
}

const find = (
  db: Kysely<Schema>,
  { project, location, repository }: RepositoryAddress,
): Promise<Row | undefined> =>
  db
    .selectFrom('repository')
    .selectAll()
    .where('project', '=', project)
    .where('location', '=', location)
    .where('name', '=', repository)
    .executeTakeFirst();

const IN_LOCATION: Readonly<Record<SortField, Keyset<Row>>> = {
  name: { columns: ['name'], position: (row) => [row.name] },
  createTime: { columns: ['created_at', 'name'], position: (row) => [row.created_at, row.name] },
  updateTime: { columns: ['updated_at', 'name'], position: (row) => [row.updated_at, row.name] },
};

const IN_PROJECT: Readonly<Record<SortField, Keyset<Row>>> = {
  name: { columns: ['location', 'name'], position: (row) => [row.location, row.name] },
  createTime: {
    columns: ['created_at', 'location', 'name'],
    position: (row) => [row.created_at, row.location, row.name],
  },
  updateTime: {
    columns: ['updated_at', 'location', 'name'],
    position: (row) => [row.updated_at, row.location, row.name],
  },
};

const nameLike = (project: string, location: string) => (pattern: string) =>
  nameMatching<Row>(
    {
      below: `projects/${project}/locations/${location}/repositories/`,
      column: 'name',
      id: (row) => row.name,
    },
    pattern,
  );

const anyNameLike = (pattern: string) =>
  textMatching<Row>(
    {
      name: sql`'projects/' || project || '/locations/' || location || '/repositories/' || name`,
      text: (row) => repositoryName({ ...row, repository: row.name }),
    },
    pattern,
  );

const columns = (settings: RepositorySettings) => ({
  description: settings.description,
  labels: JSON.stringify(settings.labels),
  config: JSON.stringify(settings.config),
  ...immutability(settings),
  ...limits(settings.quota),
});

const record = (row: Row): RepositoryRecord => ({
  project: row.project,
  location: row.location,
  repository: row.name,
  format: row.format,
  mode: row.mode as Mode,
  description: row.description,
  labels: JSON.parse(row.labels) as Record<string, string>,
  config: JSON.parse(row.config) as Document,
  immutableTags: row.immutable_tags === 1,
  sizeBytes: row.size_bytes,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
