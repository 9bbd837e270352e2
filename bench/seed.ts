import { Database, type Statement } from 'bun:sqlite';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../server/core/blob.ts';
import { type Layout, layout } from '../server/stores/blobs/layout.ts';
import { sha256 } from './load/oci-client.ts';

export interface SeedPlan {
  /** A package with exactly one pushed version, which is copied. */
  readonly image: string;
  /** How many copies, each with a tag of its own: `seed-000000` and on. */
  readonly versions: number;
  /** Whether every copy has its own layers too, or shares those it was copied from. */
  readonly ownLayers: boolean;
  /** Whether blobs are files too, and not rows only. Lists read no blob. */
  readonly files: boolean;
}

/**
 * Fills a stopped server's data directory in one transaction. Every row is a copy of one that a real push made, under
 * new names, and every blob has the digest it is called by, so the server cannot tell the difference.
 */
export function seed(data: string, plan: SeedPlan): void {
  using database = new Database(join(data, 'entrepot.db'));
  for (const pragma of PRAGMAS) database.run(`PRAGMA ${pragma}`);
  const copier = new Copier(database, layout(join(data, 'blobs')), plan);
  database.transaction(() => {
    for (let copy = 0; copy < plan.versions; copy += 1) copier.add(copy);
  })();
  database.run('PRAGMA wal_checkpoint(TRUNCATE)');
}

/** A large cache keeps the transaction from being written out and read back in pieces. */
const PRAGMAS = ['foreign_keys = ON', 'cache_size = -1000000', 'synchronous = OFF'];

/** One row of any table, so that a column added to the schema is copied without a word here. */
type Row = Readonly<Record<string, string | number | null>>;
type Renames = ReadonlyMap<string, string>;

class Copier {
  readonly #database: Database;
  readonly #store: Layout;
  readonly #plan: SeedPlan;
  readonly #inserts = new Map<string, Statement>();
  readonly #version: Row;
  readonly #tag: Row;
  readonly #manifestFile: Row;
  readonly #manifest: Readonly<Record<string, unknown>>;
  /** Every file the version uses; the first is its config. */
  readonly #used: readonly Row[];

  constructor(database: Database, store: Layout, plan: SeedPlan) {
    this.#database = database;
    this.#store = store;
    this.#plan = plan;
    this.#version = this.#only(
      'SELECT version.* FROM version JOIN package ON package.id = package_id WHERE package.name = ?',
      plan.image,
    );
    const { id } = this.#version;
    this.#tag = this.#only('SELECT * FROM tag WHERE version_id = ?', id);
    this.#manifestFile = this.#only('SELECT * FROM file WHERE version_id = ?', id);
    const { digest, generation } = this.#blob(this.#manifestFile);
    const object = store.object({ digest: digest as Digest, generation: String(generation) });
    this.#manifest = JSON.parse(readFileSync(object, 'utf8')) as Record<string, unknown>;
    this.#used = this.#all(
      'SELECT file.* FROM version_use JOIN file ON file.id = file_id WHERE version_use.version_id = ? ORDER BY file.id',
      id,
    );
  }

  add(copy: number): void {
    const name = `seed-${String(copy).padStart(6, '0')}`;
    const renames = new Map<string, string>();
    const used = this.#used.map((file, at) =>
      this.#plan.ownLayers && at > 0 ? this.#copyFile(file, `${name} layer ${at} `, renames) : file['id'],
    );
    const manifest = rename(
      JSON.stringify({ ...this.#manifest, annotations: { 'bench.copy': name } }),
      renames,
    );
    renames.set(String(this.#version['name']), sha256(manifest));
    const version = this.#insert('version', {
      ...renamed(this.#version, renames),
      id: null,
      tag_count: 0,
      size: Number(this.#version['size']) + manifest.length - JSON.stringify(this.#manifest).length,
    });
    this.#storeBlob(this.#blob(this.#manifestFile), manifest);
    this.#insert('file', { ...renamed(this.#manifestFile, renames), id: null, version_id: version });
    for (const file of used) this.#insert('version_use', { version_id: version, file_id: file ?? null });
    this.#insert('tag', { ...this.#tag, name, version_id: version });
  }

  /** New bytes of the same length, since the manifest tells the length. Answers the new row's id. */
  #copyFile(file: Row, text: string, renames: Map<string, string>): number {
    const blob = this.#blob(file);
    const bytes = text.padEnd(Number(blob['size']), '.');
    renames.set(String(blob['digest']), sha256(bytes));
    this.#storeBlob(blob, bytes);
    return this.#insert('file', { ...renamed(file, renames), id: null });
  }

  #storeBlob(like: Row, text: string): void {
    const digest = sha256(text);
    const generation = crypto.randomUUID().replaceAll('-', '');
    if (this.#plan.files) writeFileSync(this.#store.object({ digest, generation }), text, { mode: 0o600 });
    this.#insert('blob', {
      ...like,
      digest,
      generation,
      size: text.length,
      md5: null,
      sha1: null,
      sha512: null,
    });
  }

  #blob(file: Row): Row {
    return this.#only('SELECT * FROM blob WHERE digest = ?', file['blob_digest']);
  }

  #insert(table: string, row: Row): number {
    const columns = Object.keys(row);
    const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
    const statement = this.#inserts.get(sql) ?? this.#database.prepare(sql);
    this.#inserts.set(sql, statement);
    return Number(statement.run(...Object.values(row)).lastInsertRowid);
  }

  #only(sql: string, value: Row[string] | undefined): Row {
    const [row, ...others] = this.#all(sql, value);
    if (row === undefined || others.length > 0) throw new Error(`not exactly one row to copy: ${sql}`);
    return row;
  }

  #all(sql: string, value: Row[string] | undefined): readonly Row[] {
    return this.#database.query<Row, [Row[string]]>(sql).all(value ?? null);
  }
}

function renamed(row: Row, renames: Renames): Row {
  const entries = Object.entries(row).map(([column, value]) => [
    column,
    typeof value === 'string' ? rename(value, renames) : value,
  ]);
  return Object.fromEntries(entries) as Row;
}

function rename(text: string, renames: Renames): string {
  let result = text;
  for (const [from, to] of renames) result = result.replaceAll(from, to);
  return result;
}
