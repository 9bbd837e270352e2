import type { TokenUses } from '../core/personal-tokens.ts';

/** Writing more often would cost more than it tells; a session that is idle may end this much early elsewhere. */
const EVERY_MS = 60_000;

interface TokenUseOptions {
  readonly store: TokenUses;
  readonly now: () => number;
  readonly report: (cause: unknown) => void;
  /** Calls back once, after some milliseconds, unless the process ends before. */
  readonly later: (work: () => void, milliseconds: number) => { stop(): void };
}

/**
 * Notes when tokens are used, which on the path of a request costs one entry of a map, and writes it down a minute
 * later, all together. Until then it is asked here.
 */
export class TokenUse {
  readonly #options: TokenUseOptions;
  #fresh = new Map<string, number>();
  #writing: ReadonlyMap<string, number> = new Map();
  #timer: { stop(): void } | undefined;

  constructor(options: TokenUseOptions) {
    this.#options = options;
  }

  used(token: string): void {
    this.#fresh.set(token, this.#options.now());
    this.#timer ??= this.#options.later(() => {
      this.#timer = undefined;
      this.flush().catch(this.#options.report);
    }, EVERY_MS);
  }

  /** Milliseconds since the epoch, as far as it is not in the store yet. */
  lastUse(token: string): number | undefined {
    return this.#fresh.get(token) ?? this.#writing.get(token);
  }

  /** Writes down what there is; what cannot be written is kept for the next time. */
  async flush(): Promise<void> {
    if (this.#fresh.size === 0) return;
    const uses = this.#fresh;
    this.#fresh = new Map();
    this.#writing = uses;
    try {
      await this.#options.store.recordUses(uses);
      this.#writing = new Map();
    } catch (error) {
      this.#fresh = new Map([...uses, ...this.#fresh]);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.stop();
    await this.flush().catch(this.#options.report);
  }
}
