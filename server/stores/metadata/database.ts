import { Database, type Statement } from 'bun:sqlite';
import { closeSync, openSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { Kysely, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import { RegistryError } from '../../core/error.ts';
import { bunSqlite } from './bun-sqlite-dialect.ts';
import { DirectDatabase } from './direct-kysely.ts';
import { Expected } from './expected.ts';
import { MOST_TOGETHER, together, type Work } from './group-commit.ts';
import { createSchema } from './migrations/001-schema.ts';
import type { Schema } from './schema.ts';
import { BUSY_TIMEOUT_MS } from './sqlite-connection.ts';
import type { Transactions } from './transactions.ts';
import { translated } from './sqlite-errors.ts';
import { isTooOld, OLDEST_SQLITE } from './sqlite-version.ts';

/** Lists read rows in the order of their names, which is all over the file. */
const READ_CACHE_KIB = 32_768;
const WRITE_CACHE_KIB = 8_192;

/** For how long a commit waits for those who are about to come. */
const LONGEST_GATHERING_MS = 5;

const MIGRATIONS = { '001-schema': { up: createSchema } };
/** What this version knows of; a database with others was made by a later one. */
export const MIGRATION_NAMES: readonly string[] = Object.keys(MIGRATIONS);

/**
 * The metadata of one installation, in SQLite: one connection that writes, one that reads what was committed.
 * The settings are promises to users (write-ahead log, every commit synced), not tunables.
 */
export class MetadataDatabase implements Transactions, AsyncDisposable {
  /** Committed rows only. Statements may be prepared on it for the hot paths. */
  readonly reading: Database;
  readonly read: Kysely<Schema>;
  readonly #writing: Database;
  readonly #write: DirectDatabase;
  readonly #version: Statement<{ readonly data_version: number }, []> | undefined;
  readonly #waiting: Work[] = [];
  readonly #expected = new Expected();
  #writer: Promise<void> | undefined;
  #broken: RegistryError | undefined;
  #commits = 0;

  private constructor(path: string, shared: boolean) {
    this.#writing = connect(path, WRITE_CACHE_KIB);
    this.#write = new DirectDatabase(this.#writing);
    this.reading = connect(path, READ_CACHE_KIB);
    this.reading.run('PRAGMA query_only = ON');
    this.read = new DirectDatabase(this.reading).kysely();
    if (shared) this.#version = this.reading.prepare('PRAGMA data_version');
  }

  /**
   * Opens or creates the file and brings its tables up to date. Refuses a damaged or a newer one. `shared` says that
   * other processes write it too.
   */
  static async open(path: string, { shared = false } = {}): Promise<MetadataDatabase> {
    closeSync(openSync(path, 'a', 0o600));
    const database = new MetadataDatabase(path, shared);
    const migrator = new Migrator({
      db: new Kysely<Schema>({ dialect: bunSqlite(database.#writing) }),
      provider: { getMigrations: async () => MIGRATIONS },
    });
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined) {
      await database[Symbol.asyncDispose]();
      throw new Error(
        `the database ${path} cannot be brought up to date, perhaps because another version of entrepot made it`,
        { cause: error },
      );
    }
    return database;
  }

  /**
   * Runs `work` in one transaction and answers once it is on disk. `work` awaits nothing but this transaction:
   * other writers wait for it. UNAVAILABLE when the database cannot promise durability any more.
   *
   * Those who come while another commits are committed together, with one sync for all, and each of them still happens whole
   * or not at all.
   */
  transaction<T>(work: (tx: Transaction<Schema>) => Promise<T>): Promise<T> {
    if (this.#broken) return Promise.reject(this.#broken);
    const outcome = Promise.withResolvers<T>();
    this.#waiting.push({
      run: async (tx) => {
        const result = await work(tx);
        return () => outcome.resolve(result);
      },
      fail: outcome.reject,
    });
    this.#writer ??= this.#writeAll();
    return outcome.promise;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#gathered();
      await this.#commit(this.#waiting.splice(0, MOST_TOGETHER));
    }
    // At once, so that whoever comes next does not count on this one.
    this.#writer = undefined;
  }

  /**
   * Commits hold everybody up, so whoever is ready gets there first: a turn of the event loop, and more while more come, or are
   * about to.
   */
  async #gathered(): Promise<void> {
    const until = performance.now() + LONGEST_GATHERING_MS;
    for (let known = 0; known < this.#waiting.length && known < MOST_TOGETHER;) {
      known = this.#waiting.length;
      await this.#expected.come(until);
      await setImmediate();
    }
  }

  soon<T>(before: Promise<T>): Promise<T> {
    return this.#expected.after(before);
  }

  /** Nobody is told of success before the commit is on disk, and of a failed one everybody is. */
  async #commit(works: readonly Work[]): Promise<void> {
    try {
      if (this.#broken) throw this.#broken;
      const done = await this.#write.transaction((tx) => this.#carriedOut(tx, works));
      this.#commits += 1;
      for (const tell of done) tell();
    } catch (thrown) {
      const failure = this.#known(thrown);
      for (const { fail } of works) fail(failure);
    }
  }

  /** One by itself needs no place to go back to. */
  async #carriedOut(tx: Transaction<Schema>, works: readonly Work[]): Promise<readonly (() => void)[]> {
    const [work, ...others] = works;
    if (others.length > 0 || !work) return together(tx, works, this.#write);
    return [await work.run(tx)];
  }

  #known(thrown: unknown): unknown {
    const error = translated(thrown);
    if (error.fatal) this.#broken = error.known;
    return error.known ?? thrown;
  }

  /**
   * Moves committed pages from the log to the database, as a commit does by itself once the log is long, and then takes the
   * longer for it. It waits for nobody; what somebody still reads is left for the next time.
   */
  checkpoint(): void {
    if (this.#broken) return;
    try {
      this.reading.run('PRAGMA wal_checkpoint(PASSIVE)');
    } catch (thrown) {
      this.#known(thrown);
    }
  }

  /**
   * Another value after every commit that was acknowledged. Where other processes write, SQLite is asked
   * (sqlite.org/pragma.html#pragma_data_version), which costs a read transaction.
   */
  changes(): number {
    return this.#version ? (this.#version.get()?.data_version ?? -1) : this.#commits;
  }

  /** Why writes are refused, while they are. */
  get broken(): RegistryError | undefined {
    return this.#broken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What still comes is written too.
    while (this.#writer) await this.#writer;
    await this.read.destroy();
    this.reading.close();
    this.#writing.close();
  }
}

function connect(path: string, cacheKib: number): Database {
  const db = new Database(path, { create: true, strict: true });
  const { version } = db.query('SELECT sqlite_version() AS version').get() as { version: string };
  if (isTooOld(version)) throw new Error(`SQLite ${version} is too old: ${OLDEST_SQLITE} or later is needed`);
  db.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  db.run('PRAGMA journal_mode = WAL');
  // After WAL is chosen: some builds lower the setting when the journal mode changes.
  db.run('PRAGMA synchronous = FULL');
  db.run('PRAGMA foreign_keys = ON');
  db.run('PRAGMA mmap_size = 0');
  db.run(`PRAGMA cache_size = -${cacheKib}`);
  db.run('PRAGMA journal_size_limit = 67108864');
  db.run('PRAGMA temp_store = MEMORY');
  return db;
}
