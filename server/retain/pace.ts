import type { GarbageShare } from '../core/garbage.ts';

/**
 * What a transaction may take before it takes no further rows. Whoever publishes meanwhile waits for as long, and for the commit,
 * which has to fit into 10 ms with it.
 */
const BUDGET_MS = 3;
/** So many that their commit, which costs about the same for one row, is worth it; more would make it dearer. */
const MOST_ROWS = 32;
/** A transaction that waited for others, and not for its own work, is no reason to rest for as long. */
const LONGEST_REST_MS = 10;
/** Some pages each: so many that most were changed more than once, and so few that the log never gets long. */
const TRANSACTIONS_TO_A_CHECKPOINT = 10;

export interface PaceParts {
  /** Milliseconds since any moment. */
  readonly elapsed: () => number;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Moves what was committed to its place, so that no commit of anybody has to. */
  readonly checkpoint: () => void;
}

/** How much is done at a time, and how soon the next: after each transaction as much time as it took belongs to others. */
export class Pace {
  readonly #parts: PaceParts;
  /** Of each transaction. */
  readonly share: GarbageShare;
  #transactions = 0;
  #owed = 0;

  constructor(parts: PaceParts) {
    this.#parts = parts;
    this.share = { limit: MOST_ROWS, budgetMs: BUDGET_MS, elapsed: parts.elapsed };
  }

  /** Carries out one transaction. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    const begun = this.#parts.elapsed();
    const result = await work();
    this.#owed += Math.min(this.#parts.elapsed() - begun, LONGEST_REST_MS);
    this.#transactions += 1;
    return result;
  }

  /** Lets others go first. */
  async rest(): Promise<void> {
    const milliseconds = Math.round(this.#owed);
    this.#owed = 0;
    await this.#parts.pause(milliseconds);
    if (this.#transactions < TRANSACTIONS_TO_A_CHECKPOINT) return;
    this.#transactions = 0;
    this.#parts.checkpoint();
  }
}
