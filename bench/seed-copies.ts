import { Database, type SQLQueryBindings } from 'bun:sqlite';
import { join } from 'node:path';

export interface CopyPlan {
  readonly copies: number;
  /** A package with all it has; or one version of it, which is copied inside the package. */
  readonly of: { readonly package: string; readonly version?: string };
  /** What stands in a copy's names and descriptions instead of what. */
  readonly renames: (copy: number) => readonly (readonly [from: string, to: string])[];
}

type Row = Readonly<Record<string, SQLQueryBindings>>;

/**
 * Fills a stopped server's data directory in one transaction with copies of what was really published: every row under
 * new names, all with the same bytes.
 */
export function seedCopies(data: string, plan: CopyPlan): void {
  using database = new Database(join(data, 'entrepot.db'));
  for (const pragma of ['foreign_keys = ON', 'cache_size = -1000000', 'synchronous = OFF'])
    database.run(`PRAGMA ${pragma}`);
  const copy = copierOf(database, plan.of);
  database.transaction(() => {
    for (let at = 0; at < plan.copies; at += 1) copy(plan.renames(at));
  })();
  database.run('PRAGMA wal_checkpoint(TRUNCATE)');
}

function copierOf(database: Database, of: CopyPlan['of']) {
  const all = (sql: string, ...values: readonly SQLQueryBindings[]): readonly Row[] =>
    database.query<Row, SQLQueryBindings[]>(sql).all(...values);
  const [known, ...others] = all('SELECT * FROM package WHERE name = ?', of.package);
  if (known === undefined || others.length > 0) throw new Error(`not exactly one package ${of.package}`);
  const { id, repository_id: repository = null } = known;
  const wanted = of.version;
  const versions = all('SELECT * FROM version WHERE package_id = ?', id ?? null)
    .filter(({ name }) => wanted === undefined || name === wanted)
    .map((version) => ({
      version,
      files: all('SELECT * FROM file WHERE version_id = ?', version['id'] ?? null),
    }));
  if (versions.length === 0) throw new Error(`nothing to copy of ${of.package}`);
  const used = all(
    'SELECT * FROM used_version WHERE repository_id = ? AND package = ?',
    repository,
    of.package,
  ).filter(({ version }) => wanted === undefined || version === wanted);
  const whole = wanted === undefined;
  const text = whole
    ? all(
        `SELECT repository, name, text FROM package_text WHERE rowid = ?1 UNION ALL
         SELECT repository_id, name, new_text.text FROM new_text JOIN package ON package.id = package_id
         WHERE package_id = ?1 LIMIT 1`,
        id ?? null,
      )
    : [];
  const owned = whole
    ? all('SELECT * FROM owned_name WHERE repository_id = ? AND name = ?', repository, of.package)
    : [];
  return (renames: readonly (readonly [string, string])[]): void => {
    const named = (row: Row): Row => renamed(row, renames);
    let packageId = id ?? null;
    if (whole) {
      packageId = insert(database, 'package', { ...named(known), id: null });
      for (const row of text) insert(database, 'package_text', { ...named(row), rowid: packageId });
      for (const row of owned) insert(database, 'owned_name', named(row));
    }
    for (const row of used) insert(database, 'used_version', named(row));
    for (const { version, files } of versions) {
      const versionId = insert(database, 'version', {
        ...named(version),
        id: null,
        package_id: packageId,
        tag_count: 0,
      });
      for (const file of files)
        insert(database, 'file', { ...named(file), id: null, package_id: packageId, version_id: versionId });
    }
  };
}

const statements = new WeakMap<Database, Map<string, ReturnType<Database['prepare']>>>();

function insert(database: Database, table: string, row: Row): number {
  const known = statements.get(database) ?? new Map<string, ReturnType<Database['prepare']>>();
  statements.set(database, known);
  const columns = Object.keys(row);
  const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
  const statement = known.get(sql) ?? database.prepare(sql);
  known.set(sql, statement);
  return Number(statement.run(...Object.values(row)).lastInsertRowid);
}

function renamed(row: Row, renames: readonly (readonly [string, string])[]): Row {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      typeof value === 'string' && column !== 'blob_digest'
        ? renames.reduce((text, [from, to]) => text.replaceAll(from, to), value)
        : value,
    ]),
  );
}
