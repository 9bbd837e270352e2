import { type Database, SQLiteError, type SQLQueryBindings, type Statement } from 'bun:sqlite';
import { setTimeout } from 'node:timers/promises';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';

/** Prepared statements kept per connection; more distinct queries than this do not exist. */
const STATEMENTS = 512;
/** How long a connection waits for others. */
export const BUSY_TIMEOUT_MS = 10_000;
/** Between two looks whether the lock can be had. */
const LONGEST_PAUSE_MS = 25;

class BunSqliteConnection implements DatabaseConnection {
  readonly #db: Database;
  readonly #statements = new Map<string, Statement>();

  constructor(db: Database) {
    this.#db = db;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const statement = this.#prepare(sql);
    const bindings = parameters as SQLQueryBindings[];
    if (statement.columnNames.length > 0) return { rows: statement.all(...bindings) as R[] };
    const { changes, lastInsertRowid } = statement.run(...bindings);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  // eslint-disable-next-line require-yield -- the driver interface asks for it; nothing here streams rows
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('queries are paged, not streamed');
  }

  #prepare(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#db.prepare(sql);
    if (this.#statements.size >= STATEMENTS) {
      statement.finalize();
      return this.#db.query(sql);
    }
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** One connection, lent to one transaction at a time. */
class BunSqliteDriver implements Driver {
  readonly #db: Database;
  readonly #connection: DatabaseConnection;
  #free: Promise<void> = Promise.resolve();
  #release: (() => void) | undefined;

  constructor(db: Database) {
    this.#db = db;
    this.#connection = new BunSqliteConnection(db);
  }

  async init(): Promise<void> {}
  async destroy(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#free;
    const mine = Promise.withResolvers<void>();
    this.#free = mine.promise;
    await before;
    this.#release = mine.resolve;
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#release?.();
  }

  /**
   * IMMEDIATE: a transaction that began by reading would fail, not wait, when another process wrote meanwhile. SQLite would
   * wait for the other too, but with this thread, and nothing else would be answered in that time.
   */
  async beginTransaction(): Promise<void> {
    const end = performance.now() + BUSY_TIMEOUT_MS;
    for (let pause = 1; !this.#begun(performance.now() >= end); pause = Math.min(2 * pause, LONGEST_PAUSE_MS))
      await setTimeout(pause);
  }

  /** Answers whether the lock could be had at once; throws when it could not, the `last` time. */
  #begun(last: boolean): boolean {
    // SQLite carries this out while it compiles it: a prepared statement would do it once.
    this.#db.run('PRAGMA busy_timeout = 0');
    try {
      this.#db.query('BEGIN IMMEDIATE').run();
      return true;
    } catch (error) {
      if (!last && error instanceof SQLiteError && error.code?.startsWith('SQLITE_BUSY')) return false;
      throw error;
    } finally {
      this.#db.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }
  /** After a full disk or a failed sync SQLite has rolled back by itself, and that failure is the one to tell of. */
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (!this.#db.inTransaction) return;
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }
}

/** SQLite's DDL is transactional, so that a migration happens whole or not at all, with one sync. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Kysely on an open bun:sqlite database. */
export const bunSqlite = (db: Database): Dialect => ({
  createAdapter: () => new TransactionalAdapter(),
  createDriver: () => new BunSqliteDriver(db),
  createIntrospector: (kysely) => new SqliteIntrospector(kysely),
  createQueryCompiler: () => new SqliteQueryCompiler(),
});
