import type { UpstreamHealth } from '../core/upstream.ts';

interface BreakerOptions {
  readonly now: () => number;
  /** Failures in a row that open it. */
  readonly failures: number;
  /** Milliseconds that it stays open the first time; twice as long each time that the server is still broken then. */
  readonly openMs: number;
  readonly longestOpenMs: number;
}

/** Leaves a server alone that failed several times in a row, and then finds out with one request whether it still does. */
export class Breaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  /** How many times in a row it has opened. */
  #openings = 0;
  #retryAt: number | undefined;
  #probing = false;
  #lastFailure: UpstreamHealth['lastFailure'];
  #lastSuccess: number | undefined;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** Whether a request may be sent now. One that may, ends with `succeeded`, `failed` or `undecided`. */
  admit(): boolean {
    if (this.#retryAt === undefined) return true;
    if (this.#probing || this.#options.now() < this.#retryAt) return false;
    this.#probing = true;
    return true;
  }

  /** The server began to answer: it may be asked again, though only a whole answer makes its failures forgotten. */
  answered(): void {
    this.#probing = false;
    this.#retryAt = undefined;
  }

  succeeded(): void {
    this.answered();
    this.#failures = 0;
    this.#openings = 0;
    this.#lastSuccess = this.#options.now();
  }

  failed(message: string): void {
    const { now, failures, openMs, longestOpenMs } = this.#options;
    this.#failures += 1;
    this.#lastFailure = { at: now(), message };
    // Requests that were under way when it opened say nothing new.
    const isNews = this.#retryAt === undefined ? this.#failures >= failures : this.#probing;
    this.#probing = false;
    if (!isNews) return;
    this.#retryAt = now() + Math.min(longestOpenMs, openMs * 2 ** this.#openings);
    this.#openings += 1;
  }

  /** The request ended without a word on the server. */
  undecided(): void {
    this.#probing = false;
  }

  health(): UpstreamHealth {
    return {
      circuit: this.#circuit(),
      ...(this.#retryAt !== undefined && { retryAt: this.#retryAt }),
      failures: this.#failures,
      ...(this.#lastFailure && { lastFailure: this.#lastFailure }),
      ...(this.#lastSuccess !== undefined && { lastSuccess: this.#lastSuccess }),
    };
  }

  #circuit(): UpstreamHealth['circuit'] {
    if (this.#retryAt === undefined) return 'closed';
    return this.#probing || this.#options.now() >= this.#retryAt ? 'half-open' : 'open';
  }
}
