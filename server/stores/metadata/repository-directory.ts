import type { Statement } from 'bun:sqlite';
import { sql } from 'kysely';
import type { Act } from '../../core/audit.ts';
import { RegistryError } from '../../core/error.ts';
import type { Mode, RepositoryAddress, RepositoryDirectory, RepositoryRow } from '../../core/repository.ts';
import { repositoryName } from '../../core/repository.ts';
import { recordAct } from './audit-entries.ts';
import { CommittedCache } from './committed-cache.ts';
import type { Transactions } from './transactions.ts';
import { recordEvent } from './outbox.ts';

interface Row {
  readonly id: number;
  readonly project: string;
  readonly location: string;
  readonly name: string;
  readonly format: string;
  readonly mode: Mode;
}

const COLUMNS = 'id, project, location, name, format, mode';

/** Which repositories there are, for the data plane. Asked on every request, so prepared. */
export class RepositoryTables implements RepositoryDirectory {
  readonly #database: Transactions;
  readonly #now: () => number;
  readonly #found: CommittedCache<RepositoryRow | null>;
  readonly #find: Statement<Row, [string, string, string]>;
  readonly #ofFormat: Statement<Row, [string]>;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
    this.#found = new CommittedCache(database);
    this.#find = database.reading.prepare(
      `SELECT ${COLUMNS} FROM repository WHERE project = ? AND location = ? AND name = ?`,
    );
    this.#ofFormat = database.reading.prepare(
      `SELECT ${COLUMNS} FROM repository WHERE format = ? ORDER BY project, location, name`,
    );
  }

  async find({ project, location, repository }: RepositoryAddress): Promise<RepositoryRow | undefined> {
    const key = `${project}/${location}/${repository}`;
    const found = this.#found.get(key, () => {
      const row = this.#find.get(project, location, repository);
      return row && repositoryRow(row);
    });
    return found ?? undefined;
  }

  async ofFormat(format: string): Promise<readonly RepositoryRow[]> {
    return this.#ofFormat.all(format).map(repositoryRow);
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
    await this.#database.transaction(async (tx) => {
      const { most } = await tx
        .selectFrom('project')
        .select(({ fn }) => fn.coalesce(fn.max('number'), sql<number>`0`).as('most'))
        .executeTakeFirstOrThrow();
      await tx
        .insertInto('project')
        .values({ id, number: most + 1, display_name: id, created_at: now, updated_at: now })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
  }

  async create(address: RepositoryAddress, format: string, act?: Act): Promise<RepositoryRow> {
    const now = this.#now();
    await this.#database.transaction(async (tx) => {
      const project = await tx
        .selectFrom('project')
        .select('id')
        .where('id', '=', address.project)
        .executeTakeFirst();
      if (!project)
        throw new RegistryError(
          'NOT_FOUND',
          'NAME_UNKNOWN',
          `project ${address.project} does not exist; create it first`,
        );
      const made = await tx
        .insertInto('repository')
        .values({
          project: address.project,
          location: address.location,
          name: address.repository,
          format,
          mode: 'STANDARD_REPOSITORY',
          description: '',
          labels: '{}',
          config: '{}',
          created_at: now,
          updated_at: now,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst();
      if (!made) return;
      await recordEvent(tx, now, 'repository.created', {
        repositoryId: made.id,
        name: repositoryName(address),
      });
      if (act) await recordAct(tx, act);
    });
    const row = this.#find.get(address.project, address.location, address.repository);
    if (!row) throw new Error('a repository vanished while it was made');
    return repositoryRow(row);
  }
}

const repositoryRow = ({ name, ...row }: Row): RepositoryRow => ({ ...row, repository: name });
