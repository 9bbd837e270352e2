import { Database, type SQLQueryBindings } from 'bun:sqlite';
import { join } from 'node:path';

/**
 * Makes many rows in a stopped server's database, each a copy of one that the server made, in one transaction. Triggers
 * do not run meanwhile, so that a million rows take seconds; whoever adds rows sets what the triggers keep.
 */
export function bulk(data: string, work: (rows: BulkRows) => void): void {
  using database = new Database(join(data, 'entrepot.db'));
  // Without a log on the disk, since what is half made is thrown away. No log at all is refused by this build of SQLite.
  for (const pragma of [
    'cache_size = -1000000',
    'synchronous = OFF',
    'temp_store = MEMORY',
    'journal_mode = MEMORY',
  ])
    database.run(`PRAGMA ${pragma}`);
  const triggers = database
    .query<{ readonly name: string; readonly sql: string }, []>(
      `SELECT name, sql FROM sqlite_master WHERE type = 'trigger'`,
    )
    .all();
  database.transaction(() => {
    for (const { name } of triggers) database.run(`DROP TRIGGER ${name}`);
    work(new BulkRows(database));
    for (const { sql } of triggers) database.run(sql);
  })();
  const broken = database.query('PRAGMA foreign_key_check').all();
  if (broken.length > 0) throw new Error(`${broken.length} rows name others that are not there`);
  database.run('ANALYZE');
  database.run('PRAGMA journal_mode = WAL');
}

/** Which numbers rows are made for. In SQL, `i` is the number. */
export interface Numbers {
  readonly from: number;
  /** Not one of them. */
  readonly to: number;
}

export class BulkRows {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The value of one row and column. */
  value(sql: string, ...values: readonly SQLQueryBindings[]): string | number {
    const [row, ...others] = this.#database
      .query<readonly (string | number)[], SQLQueryBindings[]>(sql)
      .values(...values);
    const [value] = row ?? [];
    if (value === undefined || others.length > 0) throw new Error(`not exactly one value: ${sql}`);
    return value as string | number;
  }

  /** Copies the row of `table` that `where` finds, once per number, with these columns changed. Both are SQL. */
  copy(table: string, { from, to }: Numbers, where: string, changed: Readonly<Record<string, string>>): void {
    if (to <= from) return;
    const columns = this.#database
      .query<{ readonly name: string }, []>(`PRAGMA table_info(${table})`)
      .all()
      .map(({ name }) => name);
    const all = [...new Set([...columns, ...Object.keys(changed)])];
    const values = all.map((column) => changed[column] ?? `model.${column}`);
    this.#database
      .run(`WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to - 1})
      INSERT INTO ${table} (${all.join(', ')})
      SELECT ${values.join(', ')} FROM n, (SELECT * FROM ${table} WHERE ${where}) AS model`);
  }

  run(sql: string): void {
    this.#database.run(sql);
  }
}

/** The digest of nothing that is there, spread over the whole range as real ones are; another for each series and number. */
export const digestSql = (series: number): string =>
  `'sha256:' || printf('%08x', ((i + ${series}) * 2654435761) & 4294967295) || printf('%016x%040x', ${series}, i)`;
export const generationSql = (series: number): string => `printf('%016x%016x', ${series}, i)`;
