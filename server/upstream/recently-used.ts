/** A few values, by name. The one that was not used for longest is forgotten for a new one. */
export class RecentlyUsed<T> {
  readonly #most: number;
  readonly #values = new Map<string, T>();

  constructor(most: number) {
    this.#most = most;
  }

  peek(name: string): T | undefined {
    return this.#values.get(name);
  }

  get(name: string, make: () => T): T {
    const value = this.#values.get(name) ?? make();
    this.set(name, value);
    return value;
  }

  set(name: string, value: T): void {
    this.#values.delete(name);
    this.#values.set(name, value);
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.#most && oldest !== undefined) this.#values.delete(oldest);
  }
}
