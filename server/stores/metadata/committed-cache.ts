const MOST = 20_000;
/** Of all keys together: what clients ask for is in them. */
const MOST_CHARACTERS = 8 * 1024 * 1024;

/** Something that can say whether anything was committed since. */
interface Committing {
  /** Another value after every commit that was acknowledged, by whichever process. */
  changes(): number;
}

/** Remembers what was read for as long as nothing at all has been committed: never stale, and without a query. */
export class CommittedCache<T> {
  readonly #database: Committing;
  readonly #kept = new Map<string, T>();
  #at = -1;
  #characters = 0;

  constructor(database: Committing) {
    this.#database = database;
  }

  get(key: string, read: () => T): T {
    const at = this.#database.changes();
    if (at !== this.#at || this.#kept.size >= MOST || this.#characters > MOST_CHARACTERS) {
      this.#kept.clear();
      this.#characters = 0;
      this.#at = at;
    }
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const value = read();
    this.#characters += key.length;
    this.#kept.set(key, value);
    return value;
  }
}
