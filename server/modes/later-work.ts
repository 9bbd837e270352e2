/** For how long nothing more may come before work begins, and how long it waits for that at most. */
const QUIET_MS = 25;
const LONGEST_MS = 1_000;
/** Beyond this the longest waiting is given up. */
const MOST = 10_000;

interface Waiting {
  readonly work: () => Promise<void>;
  readonly since: number;
}

/**
 * Work behind answers: what is asked for while much is going on waits a little, so that it takes nothing from those who are
 * waiting and what is asked for many times is done once. One thing at a time.
 */
export class LaterWork implements Disposable {
  readonly #waiting = new Map<string, Waiting>();
  #running = false;
  #last = 0;

  /** Does `work` soon, instead of any of this name that has not begun. That it fails is told to nobody. */
  add(id: string, work: () => Promise<void>): void {
    this.#last = performance.now();
    const since = this.#waiting.get(id)?.since ?? this.#last;
    this.#waiting.set(id, { work, since });
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > MOST && oldest !== undefined) this.#waiting.delete(oldest);
    if (!this.#running) void this.#run();
  }

  /** Gives up what has not begun. */
  [Symbol.dispose](): void {
    this.#waiting.clear();
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let next = this.#first(); next; next = this.#first()) {
      const wait = Math.min(this.#last + QUIET_MS, next.since + LONGEST_MS) - performance.now();
      if (wait > 0) await pause(wait);
      else {
        this.#waiting.delete(next.id);
        await next.work().catch(() => undefined);
      }
    }
    this.#running = false;
  }

  #first(): (Waiting & { readonly id: string }) | undefined {
    for (const [id, waiting] of this.#waiting) return { id, ...waiting };
    return undefined;
  }
}

/** Which keeps no process from ending. */
const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
