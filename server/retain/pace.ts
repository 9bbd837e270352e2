/** What a transaction may take. Whoever publishes meanwhile waits for as long. */
const BUDGET_MS = 5;
/** So often in a row it takes longer because of what it does; less often others had the processor, and fewer rows would not help. */
const TIMES = 3;
/** Nobody else's work makes it take so long. */
const FAR_TOO_LONG_MS = 20 * BUDGET_MS;
const FEWEST_ROWS = 16;
const MOST_ROWS = 64;
const MORE_ROWS = 4;
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

/**
 * How much is done at a time, and how soon the next: a transaction that took too long is followed by smaller ones, and after each
 * as much time belongs to others.
 */
export class Pace {
  readonly #parts: PaceParts;
  #rows = 32;
  #long = 0;
  #transactions = 0;
  #owed = 0;

  constructor(parts: PaceParts) {
    this.#parts = parts;
  }

  /** To the next transaction. */
  get rows(): number {
    return this.#rows;
  }

  /** Carries out one transaction. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    const begun = this.#parts.elapsed();
    const result = await work();
    const took = this.#parts.elapsed() - begun;
    this.#long = took > BUDGET_MS ? this.#long + 1 : 0;
    if (this.#long === TIMES || took > FAR_TOO_LONG_MS) {
      this.#rows = Math.max(FEWEST_ROWS, this.#rows >> 1);
      this.#long = 0;
    } else if (took < BUDGET_MS / 2) this.#rows = Math.min(MOST_ROWS, this.#rows + MORE_ROWS);
    this.#owed += Math.min(took, LONGEST_REST_MS);
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
