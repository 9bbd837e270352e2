import type { Act, Outcome } from '../../core/audit.ts';
import { TimedBatch } from '../../lib/timed-batch.ts';
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
  readonly #batch: TimedBatch<Noted>;

  constructor({ database, lost, ...options }: AuditBufferOptions) {
    const record = (entries: readonly Noted[]): Promise<void> =>
      database.transaction(async (tx) => {
        for (const { act, outcome } of entries) await recordEntry(tx, act, outcome);
      });
    this.#batch = new TimedBatch({
      ...options,
      async write(entries, unfit) {
        if (unfit > 0) lost(unfit, 'too many at once');
        if (entries.length > 0) await record(entries);
      },
      failed: (entries, cause) => lost(entries.length, cause),
    });
  }

  add(act: Act, outcome: Outcome): void {
    this.#batch.add({ act, outcome });
  }

  /** Writes what waits, in one transaction. Does not fail. */
  flush(): Promise<void> {
    return this.#batch.flush();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.flush();
  }
}
