/** For how long what may be kept a little later waits for others to be kept with. */
const MOMENT_MS = 100;

/** Lets go together what comes within a moment, so that it shares a commit. */
export class Company implements Disposable {
  readonly #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  /** Resolves when the moment is over, and at once from the end on. */
  async join(): Promise<void> {
    if (this.#over) return;
    const turn = Promise.withResolvers<void>();
    this.#waiting.push(turn.resolve);
    this.#timer ??= setTimeout(() => this.#letGo(), MOMENT_MS);
    await turn.promise;
  }

  #letGo(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Nobody waits any more. */
  [Symbol.dispose](): void {
    this.#over = true;
    this.#letGo();
  }
}
