/** Small bodies in memory, the least recently used given up first. */
export class RecentBytes<T extends Uint8Array<ArrayBuffer> | Blob = Uint8Array<ArrayBuffer>> {
  readonly #capacity: number;
  readonly #kept = new Map<string, T>();
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
    return known;
  }

  put(id: string, body: T): void {
    if (this.#kept.has(id)) return;
    this.#kept.set(id, body);
    this.#bytes += sizeOf(body);
    for (const [oldest, given] of this.#kept) {
      if (this.#bytes <= this.#capacity) return;
      this.#kept.delete(oldest);
      this.#bytes -= sizeOf(given);
    }
  }
}

const sizeOf = (body: Uint8Array | Blob): number => (body instanceof Blob ? body.size : body.byteLength);
