import { RegistryError } from '../core/error.ts';
import type { UpstreamHealth } from '../core/upstream.ts';
import { discard, type OpenAnswer, type OpenRequest } from '../outbound/answer.ts';
import { TransientFailure } from '../outbound/failures.ts';
import { Breaker } from './breaker.ts';
import { RateBudget } from './rate-budget.ts';
import { retryAfterMs } from './retry-after.ts';

/** What a client of other servers does, and this needs. */
interface Opener {
  open(url: URL, request: OpenRequest): Promise<OpenAnswer>;
}

export interface OriginLimits {
  /** How often a request is sent at most. */
  readonly tries: number;
  /** Milliseconds; the longest wait before the second try. It doubles with each. */
  readonly retryMs: number;
  /** Milliseconds after which nothing is tried again. */
  readonly retryWithinMs: number;
  /** Failures in a row that open the circuit. */
  readonly failures: number;
  readonly openMs: number;
  readonly longestOpenMs: number;
  /** Milliseconds that a server is left alone that answers 429 and does not say for how long. */
  readonly pauseMs: number;
  /** However long it asks for. */
  readonly longestPauseMs: number;
  readonly perSecond: number;
  readonly burst: number;
}

export interface OriginOptions {
  readonly outbound: Opener;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly limits: OriginLimits;
}

const PASSING = new Set([502, 503, 504]);
const LONGEST_WAIT_MS = 10_000;
const SHORTEST_PAUSE_MS = 1000;

/** A server elsewhere, as all who ask it see it: whether it works, what it bears, and how long it wants to be left alone. */
export class Origin {
  readonly #options: OriginOptions;
  readonly #breaker: Breaker;
  readonly #budget: RateBudget;
  #pausedUntil = 0;

  constructor(options: OriginOptions) {
    const { now, limits } = options;
    this.#options = options;
    this.#breaker = new Breaker({ now, ...limits });
    this.#budget = new RateBudget({ now, ...limits });
  }

  health(): UpstreamHealth {
    return this.#breaker.health();
  }

  /**
   * Any answer but 429, 502, 503 and 504, which are failures. What can be repeated is, a few times. `request.ended` is
   * taken: whether the body comes whole says whether the server works.
   */
  async ask(url: URL, request: OpenRequest): Promise<OpenAnswer> {
    const { tries, retryWithinMs, retryMs } = this.#options.limits;
    const { now, random, sleep } = this.#options;
    this.#checkPause(url);
    if (!this.#breaker.admit()) throw this.#leftAlone(url);
    const began = now();
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.#once(url, request);
      } catch (failure) {
        const last = tried >= tries || !isRepeatable(request) || now() - began > retryWithinMs;
        if (last || !(failure instanceof TransientFailure)) {
          this.#note(failure);
          throw failure;
        }
      }
      await sleep(random() * retryMs * 2 ** (tried - 1));
    }
  }

  async #once(url: URL, request: OpenRequest): Promise<OpenAnswer> {
    this.#checkPause(url);
    await this.#budgeted(url);
    const end = Promise.withResolvers<RegistryError | undefined>();
    const answer = await this.#options.outbound.open(url, { ...request, ended: end.resolve });
    await this.#checkStatus(url, answer);
    this.#breaker.answered();
    void end.promise.then((failure) => (failure ? this.#note(failure) : this.#breaker.succeeded()));
    return answer;
  }

  async #checkStatus(url: URL, { status, headers, body }: OpenAnswer): Promise<void> {
    if (status !== 429 && !PASSING.has(status)) return;
    await discard(body);
    const asked = retryAfterMs(headers.get('retry-after'), this.#options.now());
    if (status === 429 || (status === 503 && asked !== undefined)) this.#pause(asked);
    this.#checkPause(url);
    throw new TransientFailure(url, `it answers ${status}`);
  }

  #pause(asked: number | undefined): void {
    const { pauseMs, longestPauseMs } = this.#options.limits;
    const forMs = Math.max(SHORTEST_PAUSE_MS, Math.min(longestPauseMs, asked ?? pauseMs));
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#options.now() + forMs);
  }

  #checkPause(url: URL): void {
    const left = this.#pausedUntil - this.#options.now();
    if (left > 0) throw busy(url, 'it asked to be left alone', left);
  }

  async #budgeted(url: URL): Promise<void> {
    const { waitMs, taken } = this.#budget.take(LONGEST_WAIT_MS);
    if (!taken) throw busy(url, 'more is asked of it than the rate that it is granted', waitMs);
    if (waitMs > 0) await this.#options.sleep(waitMs);
  }

  #leftAlone(url: URL): RegistryError {
    const { failures, lastFailure, retryAt = 0 } = this.#breaker.health();
    const why = lastFailure ? `; the last: ${lastFailure.message}` : '';
    return new RegistryError(
      'UNAVAILABLE',
      'UPSTREAM_BROKEN',
      `${url.host} is left alone for a moment after ${failures} failures in a row${why}`,
      { headers: retryAfter(retryAt - this.#options.now()) },
    );
  }

  #note(failure: unknown): void {
    const { message, reason } = failure instanceof RegistryError ? failure : { message: '', reason: '' };
    if (failure instanceof TransientFailure || reason === 'UPSTREAM_SLOW') this.#breaker.failed(message);
    else this.#breaker.undecided();
  }
}

const isRepeatable = ({ method = 'GET' }: OpenRequest): boolean => method === 'GET' || method === 'HEAD';

const busy = (url: URL, why: string, forMs: number): RegistryError => {
  const headers = retryAfter(forMs);
  return new RegistryError(
    'UNAVAILABLE',
    'UPSTREAM_BUSY',
    `${url.host} is not asked: ${why}; try again in ${headers['retry-after']} s`,
    { headers },
  );
};

const retryAfter = (milliseconds: number) => ({
  'retry-after': String(Math.max(1, Math.ceil(milliseconds / 1000))),
});
