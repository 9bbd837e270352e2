interface RateBudgetOptions {
  readonly now: () => number;
  readonly perSecond: number;
  /** How many may go at once after a pause. */
  readonly burst: number;
}

/** So many requests a second, and a few at once: a token bucket. */
export class RateBudget {
  readonly #options: RateBudgetOptions;
  #left: number;
  #at: number;

  constructor(options: RateBudgetOptions) {
    this.#options = options;
    this.#left = options.burst;
    this.#at = options.now();
  }

  /** Takes one, and says in how many milliseconds it may be used; nothing is taken when that is more than `longestMs`. */
  take(longestMs: number): { readonly waitMs: number; readonly taken: boolean } {
    const { now, perSecond, burst } = this.#options;
    const at = now();
    this.#left = Math.min(burst, this.#left + (Math.max(0, at - this.#at) * perSecond) / 1000);
    this.#at = at;
    const waitMs = this.#left >= 1 ? 0 : Math.ceil(((1 - this.#left) * 1000) / perSecond);
    if (waitMs > longestMs) return { waitMs, taken: false };
    this.#left -= 1;
    return { waitMs, taken: true };
  }
}
