import type { Statement } from 'bun:sqlite';
import { sql } from 'kysely';
import type { Act } from '../../core/audit.ts';
import { isNotFound, RegistryError } from '../../core/error.ts';
import type { Mode, RepositoryAddress, RepositoryDirectory, RepositoryRow } from '../../core/repository.ts';
import { recordAct } from './audit-entries.ts';
import { CommittedCache } from './committed-cache.ts';
import { insertRepository } from './new-repository.ts';
import { insertProject } from './projects.ts';
import type { Transactions } from './transactions.ts';

interface Row {
  readonly id: number;
  readonly project: string;
  readonly location: string;
  readonly name: string;
  readonly format: string;
  readonly mode: Mode;
  readonly config: string;
  readonly created_at: number;
}

const DEFAULTS = {
  mode: 'STANDARD_REPOSITORY',
  description: '',
  labels: {},
  config: {},
  immutableTags: false,
} as const;
const COLUMNS = 'id, project, location, name, format, mode, config, created_at';

/** Which repositories there are, for the data plane. Asked on every request, so prepared. */
export class RepositoryTables implements RepositoryDirectory {
  readonly #database: Transactions;
  readonly #now: () => number;
  readonly #found: CommittedCache<RepositoryRow | null>;
  readonly #listed: CommittedCache<readonly RepositoryRow[]>;
  readonly #find: Statement<Row, [string, string, string]>;
  readonly #ofFormat: Statement<Row, [string]>;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
    this.#found = new CommittedCache(database);
    this.#listed = new CommittedCache(database);
    this.#find = database.reading.prepare(
      `SELECT ${COLUMNS} FROM repository WHERE project = ? AND location = ? AND name = ?`,
    );
    this.#ofFormat = database.reading.prepare(
      `SELECT ${COLUMNS} FROM repository WHERE format = ? ORDER BY project, location, name`,
    );
  }

  find({ project, location, repository }: RepositoryAddress): RepositoryRow | undefined {
    const key = `${project}/${location}/${repository}`;
    const found = this.#found.get(key, () => {
      const row = this.#find.get(project, location, repository);
      return row && repositoryRow(row);
    });
    return found ?? undefined;
  }

  async ofFormat(format: string): Promise<readonly RepositoryRow[]> {
    return this.#listed.get(format, () => this.#ofFormat.all(format).map(repositoryRow));
  }

  /** Bytes that all repositories name, each counting what it shares with others. */
  async storedBytes(): Promise<number> {
    const row = await this.#database.read
      .selectFrom('repository')
      .select(({ fn }) => fn.coalesce(fn.sum<number>('size_bytes'), sql<number>`0`).as('bytes'))
      .executeTakeFirstOrThrow();
    return row.bytes;
  }

  /** Makes a project that is not there. */
  async ensureProject(id: string): Promise<void> {
    const now = this.#now();
    await this.#database.transaction((tx) => insertProject(tx, { id, displayName: id, labels: {}, now }));
  }

  async create(address: RepositoryAddress, format: string, act?: Act): Promise<RepositoryRow> {
    const now = this.#now();
    const repository = { ...address, ...DEFAULTS, format };
    await this.#database.transaction(async (tx) => {
      const made = await insertRepository(tx, repository, now).catch((error: unknown) => {
        throw isNotFound(error) ? noProject(address) : error;
      });
      if (made && act) await recordAct(tx, act);
    });
    const row = this.#find.get(address.project, address.location, address.repository);
    if (!row) throw new Error('a repository vanished while it was made');
    return repositoryRow(row);
  }
}

const repositoryRow = ({ name, config, created_at: createdAt, ...row }: Row): RepositoryRow => ({
  ...row,
  createdAt,
  repository: name,
  config: JSON.parse(config) as RepositoryRow['config'],
});

const noProject = ({ project }: RepositoryAddress): RegistryError =>
  new RegistryError('NOT_FOUND', 'NAME_UNKNOWN', `project ${project} does not exist; create it first`);
