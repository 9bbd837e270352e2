/** What is kept in memory up to so many bytes, the least recently used given up first. */
export class Recent<T> {
  readonly #capacity: number;
  readonly #kept = new Map<string, { readonly value: T; readonly bytes: number }>();
  #bytes = 0;

  /** `capacity` in bytes. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(id: string): T | undefined {
    const known = this.#kept.get(id);
    if (known === undefined) return undefined;
    this.#kept.delete(id);
    this.#kept.set(id, known);
    return known.value;
  }

  /** In place of what has the same id. */
  put(id: string, value: T, bytes: number): void {
    this.#drop(id);
    this.#kept.set(id, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#capacity) return;
      this.#drop(oldest);
    }
  }

  #drop(id: string): void {
    const known = this.#kept.get(id);
    if (known === undefined) return;
    this.#kept.delete(id);
    this.#bytes -= known.bytes;
  }
}
