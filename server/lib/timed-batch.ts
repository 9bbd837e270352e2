interface BatchOptions<T> {
  /** How many may wait. */
  readonly capacity: number;
  /** Milliseconds that one waits for others to be written with it. */
  readonly delayMs: number;
  /** Writes what waited, in its order, and is told how many did not fit. One call after another. */
  readonly write: (lot: readonly T[], unfit: number) => Promise<void>;
  /** Told of a lot that could not be written, and why. What comes later is written all the same. */
  readonly failed: (lot: readonly T[], cause: unknown) => void;
}

/** What comes one by one and is written a little later, a lot at a time. Nobody waits for it, and it takes bounded room. */
export class TimedBatch<T> implements AsyncDisposable {
  readonly #options: BatchOptions<T>;
  #waiting: T[] = [];
  #unfit = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: BatchOptions<T>) {
    this.#options = options;
  }

  add(one: T): void {
    const { capacity, delayMs } = this.#options;
    if (this.#waiting.length >= capacity) this.#unfit += 1;
    else this.#waiting.push(one);
    this.#timer ??= setTimeout(() => void this.flush(), delayMs);
    this.#timer.unref();
  }

  /** Writes what waits, and waits for that. Does not fail. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => {
      const [lot, unfit] = [this.#waiting, this.#unfit];
      [this.#waiting, this.#unfit] = [[], 0];
      return lot.length > 0 || unfit > 0 ? this.#write(lot, unfit) : undefined;
    });
    return this.#writing;
  }

  async #write(lot: readonly T[], unfit: number): Promise<void> {
    try {
      await this.#options.write(lot, unfit);
    } catch (cause) {
      this.#options.failed(lot, cause);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.flush();
  }
}
