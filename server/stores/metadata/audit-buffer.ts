import type { Act, Outcome } from '../../core/audit.ts';
import { recordEntry } from './audit-entries.ts';
import type { Transactions } from './transactions.ts';

interface AuditBufferOptions {
  readonly database: Transactions;
  /** Entries that may wait. What does not fit is lost, and said to be. */
  readonly capacity: number;
  /** Milliseconds that an entry waits for others to be written with it. */
  readonly delayMs: number;
  /** Told of entries that were lost, a number at a time. */
  readonly lost: (entries: number, cause: unknown) => void;
}

interface Noted {
  readonly act: Act;
  readonly outcome: Outcome;
}

/** Entries of what changed nothing, on their way into the log. Nobody waits for them, and they take bounded room. */
export class AuditBuffer implements AsyncDisposable {
  readonly #options: AuditBufferOptions;
  #waiting: Noted[] = [];
  #unsaid = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: AuditBufferOptions) {
    this.#options = options;
  }

  add(act: Act, outcome: Outcome): void {
    if (this.#waiting.length >= this.#options.capacity) this.#unsaid += 1;
    else this.#waiting.push({ act, outcome });
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.delayMs);
    this.#timer.unref();
  }

  /** Writes what waits, in one transaction. Does not fail. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { database, lost } = this.#options;
    const entries = this.#waiting;
    const unsaid = this.#unsaid;
    this.#waiting = [];
    this.#unsaid = 0;
    if (unsaid > 0) lost(unsaid, 'too many at once');
    if (entries.length === 0) return;
    try {
      await database.transaction(async (tx) => {
        for (const { act, outcome } of entries) await recordEntry(tx, act, outcome);
      });
    } catch (cause) {
      lost(entries.length, cause);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }
}
