import type { Database } from 'bun:sqlite';
import {
  type CompiledQuery,
  DefaultQueryExecutor,
  type DialectAdapter,
  DummyDriver,
  Kysely,
  type KyselyProps,
  type QueryCompiler,
  type QueryResult,
  Transaction,
} from 'kysely';
import { bunSqlite } from './bun-sqlite-dialect.ts';
import type { Schema } from './schema.ts';
import { SqliteConnection } from './sqlite-connection.ts';

interface Parts {
  readonly compiler: QueryCompiler;
  readonly adapter: DialectAdapter;
}

/**
 * Runs queries in place. Kysely's own way lends a connection for each, under a lock, which for one that answers at once takes
 * longer than the query.
 */
class DirectExecutor extends DefaultQueryExecutor {
  readonly #connection: SqliteConnection;
  #over = false;

  constructor(connection: SqliteConnection, { compiler, adapter }: Parts) {
    super(compiler, adapter, { provideConnection: (consumer) => consumer(connection) });
    this.#connection = connection;
  }

  override async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#over) throw new Error('the transaction is over');
    return this.#connection.run(query);
  }

  end(): void {
    this.#over = true;
  }
}

/** An open bun:sqlite database for one who reads, or one who writes a transaction at a time. */
export class DirectDatabase {
  readonly #connection: SqliteConnection;
  readonly #props: Omit<KyselyProps, 'executor'>;
  readonly #parts: Parts;

  constructor(db: Database) {
    this.#connection = new SqliteConnection(db);
    const dialect = bunSqlite(db);
    this.#props = { config: { dialect }, dialect, driver: new DummyDriver() };
    this.#parts = { compiler: dialect.createQueryCompiler(), adapter: dialect.createAdapter() };
  }

  /** Statements that are no transaction of their own making. */
  kysely(): Kysely<Schema> {
    return new Kysely<Schema>({ ...this.#props, executor: this.#executor() });
  }

  /** Runs `work` in a transaction; whoever calls sees to it that there is one at a time. Nothing of it is left if that fails. */
  async transaction<T>(work: (tx: Transaction<Schema>) => Promise<T>): Promise<T> {
    await this.#connection.begin();
    const executor = this.#executor();
    try {
      const result = await work(new Transaction<Schema>({ ...this.#props, executor }));
      this.#connection.commit();
      return result;
    } catch (error) {
      this.#connection.rollback();
      throw error;
    } finally {
      executor.end();
    }
  }

  #executor(): DirectExecutor {
    return new DirectExecutor(this.#connection, this.#parts);
  }
}
