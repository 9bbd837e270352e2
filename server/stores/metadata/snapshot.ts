import { Database } from 'bun:sqlite';
import type { BlobInfo, Digest } from '../../core/blob.ts';

/** Rows read at a time. */
const BATCH = 500;
const SERVED = `state IN ('live', 'condemned')`;
const COLUMNS = 'digest, size, generation';

/** The database of an installation, as another process beside its server reads it. Changes nothing. */
export class WatchedDatabase implements Disposable {
  readonly #database: Database;

  constructor(path: string) {
    this.#database = new Database(path, { readonly: true, strict: true });
    this.#database.run('PRAGMA busy_timeout = 10000');
  }

  /**
   * Writes all that is committed by now to a new file, as of one instant (sqlite.org/lang_vacuum.html, INTO). Writers
   * go on meanwhile. The file is not synced.
   */
  snapshot(into: string): void {
    this.#database.query('VACUUM INTO ?').run(into);
  }

  /** The generation that holds a digest's bytes now; nothing when the digest is not served. */
  generation(digest: Digest): string | undefined {
    const query = `SELECT generation FROM blob WHERE digest = ? AND ${SERVED}`;
    return this.#database.query<{ generation: string }, [string]>(query).get(digest)?.generation;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

/** A snapshot of a database, alone in its file. */
export class SnapshotDatabase implements Disposable {
  readonly #database: Database;

  /** `readonly` opens what must not be changed, wherever it is stored. */
  constructor(path: string, { readonly: fixed }: { readonly readonly: boolean }) {
    this.#database = new Database(path, fixed ? { readonly: true } : { readwrite: true });
    // Else even a reader would need to write beside the file.
    if (!fixed) this.#database.run('PRAGMA journal_mode = DELETE');
  }

  /** What is served, in the order of digests. */
  *blobs(): Generator<BlobInfo> {
    const page = this.#database.query<BlobInfo, [string]>(
      `SELECT ${COLUMNS} FROM blob WHERE digest > ? AND ${SERVED} ORDER BY digest LIMIT ${BATCH}`,
    );
    for (let after = ''; ;) {
      const batch = page.all(after);
      yield* batch;
      const last = batch.at(-1);
      if (last === undefined) return;
      after = last.digest;
    }
  }

  names(digest: Digest): boolean {
    return this.#database.query('SELECT 1 FROM blob WHERE digest = ?').get(digest) !== null;
  }

  /** The migrations that made its tables. */
  migrations(): readonly string[] {
    const query = 'SELECT name FROM kysely_migration ORDER BY name';
    return this.#database
      .query<{ name: string }, []>(query)
      .all()
      .map(({ name }) => name);
  }

  /** Has these blobs not served by what is restored from it, until they are pushed again. */
  markCorrupt(digests: readonly Digest[]): void {
    const mark = this.#database.query(
      `UPDATE blob SET state = 'corrupt', revision = revision + 1 WHERE digest = ?`,
    );
    this.#database.transaction(() => {
      for (const digest of digests) mark.run(digest);
    })();
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
