/** Small bodies in memory, the least recently used given up first. */
export class RecentBytes {
  readonly #capacity: number;
  readonly #kept = new Map<string, Uint8Array<ArrayBuffer>>();
  #bytes = 0;

  /** `capacity` in bytes. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(id: string): Uint8Array<ArrayBuffer> | undefined {
    const known = this.#kept.get(id);
    if (known === undefined) return undefined;
    this.#kept.delete(id);
    this.#kept.set(id, known);
    return known;
  }

  put(id: string, body: Uint8Array<ArrayBuffer>): void {
    if (this.#kept.has(id)) return;
    this.#kept.set(id, body);
    this.#bytes += body.byteLength;
    for (const [oldest, { byteLength }] of this.#kept) {
      if (this.#bytes <= this.#capacity) return;
      this.#kept.delete(oldest);
      this.#bytes -= byteLength;
    }
  }
}
