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
  readonly #isInTransaction: boolean;
  #over = false;

  constructor(connection: SqliteConnection, { compiler, adapter }: Parts, isInTransaction: boolean) {
    super(compiler, adapter, { provideConnection: (consumer) => consumer(connection) });
    this.#connection = connection;
    this.#isInTransaction = isInTransaction;
  }

  override async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#over) throw new Error('the transaction is over');
    // SQLite undoes all of it by itself where there is no room, and what follows would be committed one by one.
    if (this.#isInTransaction && !this.#connection.isInTransaction)
      throw new Error('the database has undone the transaction');
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
    return new Kysely<Schema>({ ...this.#props, executor: this.#executor(false) });
  }

  /** Runs `work` in a transaction; whoever calls sees to it that there is one at a time. Nothing of it is left if that fails. */
  async transaction<T>(work: (tx: Transaction<Schema>) => Promise<T>): Promise<T> {
    await this.#connection.begin();
    try {
      const result = await this.part(work);
      this.#connection.commit();
      return result;
    } catch (error) {
      this.#connection.rollback();
      throw error;
    }
  }

  get isInTransaction(): boolean {
    return this.#connection.isInTransaction;
  }

  /** Runs `work` in the transaction that is open. What it left running writes nothing any more once it is over. */
  async part<T>(work: (tx: Transaction<Schema>) => Promise<T>): Promise<T> {
    const executor = this.#executor(true);
    try {
      return await work(new Transaction<Schema>({ ...this.#props, executor }));
    } finally {
      executor.end();
    }
  }

  #executor(isInTransaction: boolean): DirectExecutor {
    return new DirectExecutor(this.#connection, this.#parts, isInTransaction);
  }
}
