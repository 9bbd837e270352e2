import { type Database, SQLiteError, type SQLQueryBindings, type Statement } from 'bun:sqlite';
import { setTimeout } from 'node:timers/promises';
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';

/** Prepared statements kept per connection; more distinct queries than this do not exist. */
const STATEMENTS = 512;
/** How long a connection waits for others. */
export const BUSY_TIMEOUT_MS = 10_000;
/** Between two looks whether the lock can be had. */
const LONGEST_PAUSE_MS = 25;

interface Prepared {
  readonly statement: Statement;
  readonly answersRows: boolean;
}

/** One connection of bun:sqlite. It answers in place, so who asks it need not take turns. */
export class SqliteConnection implements DatabaseConnection {
  readonly #db: Database;
  readonly #statements = new Map<string, Prepared>();

  constructor(db: Database) {
    this.#db = db;
  }

  run<R>({ sql, parameters }: Pick<CompiledQuery, 'sql' | 'parameters'>): QueryResult<R> {
    const { statement, answersRows } = this.#prepare(sql);
    const bindings = parameters as SQLQueryBindings[];
    if (answersRows) return { rows: statement.all(...bindings) as R[] };
    const { changes, lastInsertRowid } = statement.run(...bindings);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.run(query);
  }

  // eslint-disable-next-line require-yield -- the driver interface asks for it; nothing here streams rows
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('queries are paged, not streamed');
  }

  /**
   * IMMEDIATE: a transaction that began by reading would fail, not wait, when another process wrote meanwhile. SQLite would
   * wait for the other too, but with this thread, and nothing else would be answered in that time.
   */
  async begin(): Promise<void> {
    const end = performance.now() + BUSY_TIMEOUT_MS;
    for (let pause = 1; !this.#begun(performance.now() >= end); pause = Math.min(2 * pause, LONGEST_PAUSE_MS))
      await setTimeout(pause);
  }

  /** Answers whether the lock could be had at once; throws when it could not, the `last` time. */
  #begun(last: boolean): boolean {
    // SQLite carries this out while it compiles it: a prepared statement would do it once.
    this.#db.run('PRAGMA busy_timeout = 0');
    try {
      this.#prepare('BEGIN IMMEDIATE').statement.run();
      return true;
    } catch (error) {
      if (!last && error instanceof SQLiteError && error.code?.startsWith('SQLITE_BUSY')) return false;
      throw error;
    } finally {
      this.#db.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  get isInTransaction(): boolean {
    return this.#db.inTransaction;
  }

  commit(): void {
    this.#prepare('COMMIT').statement.run();
  }

  /** After a full disk or a failed sync SQLite has rolled back by itself, and that failure is the one to tell of. */
  rollback(): void {
    if (this.isInTransaction) this.#prepare('ROLLBACK').statement.run();
  }

  #prepare(sql: string): Prepared {
    const known = this.#statements.get(sql);
    if (known) return known;
    const isFull = this.#statements.size >= STATEMENTS;
    const statement = isFull ? this.#db.query(sql) : this.#db.prepare(sql);
    const prepared = { statement, answersRows: statement.columnNames.length > 0 };
    if (!isFull) this.#statements.set(sql, prepared);
    return prepared;
  }
}
