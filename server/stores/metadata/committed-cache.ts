import type { Statement } from 'bun:sqlite';
import type { MetadataDatabase } from './database.ts';

const MOST = 20_000;

/**
 * Remembers what was read for as long as nothing at all has been committed, by this process or another: SQLite's
 * `data_version` says so (sqlite.org/pragma.html#pragma_data_version). Never stale, and a tenth of a look-up's cost.
 */
export class CommittedCache<T> {
  readonly #version: Statement<{ readonly data_version: number }, []>;
  readonly #kept = new Map<string, T>();
  #at = -1;

  constructor(database: MetadataDatabase) {
    this.#version = database.reading.prepare('PRAGMA data_version');
  }

  get(key: string, read: () => T): T {
    const version = this.#version.get()?.data_version ?? -1;
    if (version !== this.#at || this.#kept.size >= MOST) {
      this.#kept.clear();
      this.#at = version;
    }
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const value = read();
    this.#kept.set(key, value);
    return value;
  }
}
