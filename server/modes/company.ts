import { setTimeout as pause } from 'node:timers/promises';

/** For how long nothing more may come before what waits is done. */
const QUIET_MS = 100;
/** How many are done together, so that they share a commit that keeps nobody waiting for long. */
const TOGETHER = 3;
/** Times as long as a few took, others have afterwards. */
const REST = 3;
/** Bytes that wait, and how many things: beyond that they are done at once. */
const MOST_BYTES = 48 * 1024 * 1024;
const MOST = 1_000;

interface CompanyOptions {
  /** Milliseconds for which nothing new may come before it is done. */
  readonly quietMs?: number;
  /** Milliseconds that something waits at most while more keeps coming. */
  readonly longestMs?: number;
}

/** Something that is done when its time has come. */
export interface Later {
  /** Resolves, or rejects, as it does. */
  readonly done: Promise<void>;
  /** Does it as soon as possible. */
  hurry(): void;
}

interface Waiting {
  readonly work: () => Promise<void>;
  readonly bytes: number;
  readonly since: number;
}

/**
 * What may be kept a little later: done once nothing new has come for a moment, so that it takes nothing from those who wait for
 * answers, and a few together, so that they share commits. What it holds is bounded in number, bytes and time.
 */
export class Company implements Disposable {
  readonly #quietMs: number;
  readonly #longestMs: number;
  readonly #waiting = new Set<Waiting>();
  #bytes = 0;
  #last = 0;
  #timer: NodeJS.Timeout | undefined;
  #isLettingGo = false;
  #over = false;

  constructor({ quietMs = QUIET_MS, longestMs = quietMs }: CompanyOptions = {}) {
    this.#quietMs = quietMs;
    this.#longestMs = longestMs;
  }

  /** `bytes`: what it holds in memory until it is done. From the end on everything is done at once. */
  add(work: () => Promise<void>, bytes: number): Later {
    const { promise: done, resolve, reject } = Promise.withResolvers<void>();
    const run = async (): Promise<void> => work().then(resolve, reject);
    const waiting: Waiting = { work: run, bytes, since: performance.now() };
    this.#waiting.add(waiting);
    this.#bytes += bytes;
    this.#last = waiting.since;
    if (this.#over) void this.#take(waiting);
    else if (this.#isFull()) void this.#letGo();
    else this.#timer ??= setTimeout(() => this.#look(), Math.min(this.#quietMs, this.#longestMs));
    return { done, hurry: () => void this.#take(waiting) };
  }

  #isFull(): boolean {
    return this.#waiting.size > MOST || this.#bytes > MOST_BYTES;
  }

  /** When the first of what waits is due, as things are. */
  #dueAt(): number {
    const [oldest] = this.#waiting;
    return Math.min(this.#last + this.#quietMs, (oldest?.since ?? 0) + this.#longestMs);
  }

  #look(): void {
    this.#timer = undefined;
    void this.#letGo();
  }

  /** A few at a time, the oldest first, as long as they are due, with rests between. */
  async #letGo(): Promise<void> {
    if (this.#isLettingGo) return;
    this.#isLettingGo = true;
    while (this.#waiting.size > 0 && (this.#isFull() || this.#dueAt() <= performance.now())) {
      const few = [...this.#waiting.values().take(TOGETHER)];
      const begun = performance.now();
      await Promise.all(few.map((each) => this.#take(each)));
      if (this.#waiting.size > 0 && !this.#isFull()) await pause(REST * (performance.now() - begun));
    }
    this.#isLettingGo = false;
    if (this.#waiting.size === 0) return;
    this.#timer ??= setTimeout(() => this.#look(), Math.max(1, this.#dueAt() - performance.now()));
  }

  async #take(waiting: Waiting): Promise<void> {
    if (!this.#waiting.delete(waiting)) return;
    this.#bytes -= waiting.bytes;
    await waiting.work();
  }

  /** Nothing waits any more. */
  [Symbol.dispose](): void {
    this.#over = true;
    clearTimeout(this.#timer);
    for (const waiting of this.#waiting) void this.#take(waiting);
  }
}
