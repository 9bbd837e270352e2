/** For how long nothing more may come before work begins, and how long it waits for that at most. */
const QUIET_MS = 25;
const LONGEST_MS = 1_000;
/** Beyond this the longest waiting is given up. */
const MOST = 10_000;

interface Waiting {
  readonly work: () => Promise<void>;
  readonly since: number;
  readonly notBefore: number;
}

interface Due {
  /** When it may begin, or looked at again where more may come meanwhile. */
  readonly at: number;
  readonly id: string;
  readonly work: () => Promise<void>;
}

/**
 * Work behind answers: what is asked for while much is going on waits a little, so that it takes nothing from those who are
 * waiting and what is asked for many times is done once. One thing at a time.
 */
export class LaterWork implements Disposable {
  readonly #waiting = new Map<string, Waiting>();
  #running = false;
  #last = 0;
  /** When the pause ends that is going on, and what ends it sooner. */
  #pause: { readonly until: number; readonly end: () => void } | undefined;

  /**
   * Does `work` soon, instead of any of this name that has not begun, but not before a time of `performance.now()`. That it
   * fails is told to nobody.
   */
  add(id: string, work: () => Promise<void>, notBefore = 0): void {
    this.#last = performance.now();
    const since = this.#waiting.get(id)?.since ?? this.#last;
    this.#waiting.set(id, { work, since, notBefore });
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > MOST && oldest !== undefined) this.#waiting.delete(oldest);
    if (!this.#running) void this.#run();
    else if (this.#pause && Math.max(notBefore, this.#last + QUIET_MS) < this.#pause.until) this.#pause.end();
  }

  /** Whether there is work of this name that has not begun. */
  has(id: string): boolean {
    return this.#waiting.has(id);
  }

  /** Gives up what has not begun. */
  [Symbol.dispose](): void {
    this.#waiting.clear();
    this.#pause?.end();
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let next = this.#next(); next; next = this.#next()) {
      if (next.at > performance.now()) await this.#until(next.at);
      else {
        this.#waiting.delete(next.id);
        await next.work().catch(() => undefined);
      }
    }
    this.#running = false;
  }

  /** The first that may begin, else the one that may soonest. */
  #next(): Due | undefined {
    const now = performance.now();
    let soonest: Due | undefined;
    for (const [id, { work, since, notBefore }] of this.#waiting) {
      const at = Math.max(notBefore, Math.min(this.#last + QUIET_MS, since + LONGEST_MS));
      if (!soonest || at < soonest.at) soonest = { at, id, work };
      // What nothing holds back but what is going on comes before all that was asked for after it.
      if (notBefore <= now) break;
    }
    return soonest;
  }

  /** Keeps no process from ending. */
  async #until(until: number): Promise<void> {
    const turn = Promise.withResolvers<void>();
    const timer = setTimeout(turn.resolve, Math.max(0, until - performance.now())).unref();
    this.#pause = { until, end: turn.resolve };
    await turn.promise;
    clearTimeout(timer);
    this.#pause = undefined;
  }
}
