/** Work in long loops, measured in bytes, that lets other work have its turn now and then. */
export class Turns {
  readonly #bytes: number;
  #done = 0;

  /** `bytes`: how much is done in one turn; the default takes a few milliseconds to read or to write. */
  constructor(bytes = 256 * 1024) {
    this.#bytes = bytes;
  }

  /** Whether it is time to `pass`, after this many more bytes. */
  isOver(bytes: number): boolean {
    this.#done += bytes;
    return this.#done >= this.#bytes;
  }

  /** Waits until everything that was waiting has had its turn. */
  pass(): Promise<void> {
    this.#done = 0;
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
