/** What was put in last, up to a number. Putting in one more hands back what lay there longest. */
export class Recent<K, V> {
  readonly #capacity: number;
  readonly #entries = new Map<K, V>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Takes an entry out, so that only one holder has it. */
  take(key: K): V | undefined {
    const value = this.#entries.get(key);
    this.#entries.delete(key);
    return value;
  }

  put(key: K, value: V): V | undefined {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#capacity) return undefined;
    const [oldest] = this.#entries.keys();
    return oldest === undefined ? undefined : this.take(oldest);
  }

  takeAll(): readonly V[] {
    const all = [...this.#entries.values()];
    this.#entries.clear();
    return all;
  }
}
