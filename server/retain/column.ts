type Numbers = Float64Array | Int8Array | Uint8Array | Uint32Array;

/** Numbers of one kind, as many as come. It grows without ever being copied, and takes no more than they do. */
export class Column {
  readonly #chunkOf: (length: number) => Numbers;
  /** What a chunk can hold at most, where it becomes a wider one for more. */
  readonly #largest: number;
  readonly #chunks: Numbers[] = [];
  #length = 0;

  constructor(chunkOf: (length: number) => Numbers, largest = Number.POSITIVE_INFINITY) {
    this.#chunkOf = chunkOf;
    this.#largest = largest;
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length % CHUNK === 0) this.#chunks.push(this.#chunkOf(CHUNK));
    this.#length += 1;
    this.set(this.#length - 1, value);
  }

  /** Gives the memory back. */
  clear(): void {
    this.#chunks.length = 0;
    this.#length = 0;
  }

  at(index: number): number {
    return this.#chunks[Math.floor(index / CHUNK)]?.[index % CHUNK] ?? Number.NaN;
  }

  set(index: number, value: number): void {
    const at = Math.floor(index / CHUNK);
    let chunk = this.#chunks[at];
    if (!chunk) return;
    if (value > this.#largest && !(chunk instanceof Float64Array)) {
      chunk = Float64Array.from(chunk);
      this.#chunks[at] = chunk;
    }
    chunk[index % CHUNK] = value;
  }
}

const CHUNK = 65_536;

export const float64s = (): Column => new Column((length) => new Float64Array(length));
/** Row ids, which are small for as long as a table is. */
export const rowIds = (): Column => new Column((length) => new Uint32Array(length), 0xff_ff_ff_ff);
export const uint32s = (): Column => new Column((length) => new Uint32Array(length));
export const int8s = (): Column => new Column((length) => new Int8Array(length));
export const uint8s = (): Column => new Column((length) => new Uint8Array(length));
