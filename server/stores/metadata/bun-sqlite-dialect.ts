import type { Database } from 'bun:sqlite';
import {
  type DatabaseConnection,
  type Dialect,
  type Driver,
  SqliteAdapter,
  SqliteIntrospector,
} from 'kysely';
import { QueryCompiler } from './query-compiler.ts';
import { SqliteConnection } from './sqlite-connection.ts';

/** One connection, lent to one transaction at a time. */
class BunSqliteDriver implements Driver {
  readonly #connection: SqliteConnection;
  #free: Promise<void> = Promise.resolve();
  #release: (() => void) | undefined;

  constructor(db: Database) {
    this.#connection = new SqliteConnection(db);
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

  beginTransaction(): Promise<void> {
    return this.#connection.begin();
  }

  async commitTransaction(): Promise<void> {
    this.#connection.commit();
  }

  async rollbackTransaction(): Promise<void> {
    this.#connection.rollback();
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
  createQueryCompiler: () => new QueryCompiler(),
});
