import { readFileSync } from 'node:fs';
import type { MetadataDatabase } from '../../server/stores/metadata/database.ts';
import type { Transactions } from '../../server/stores/metadata/transactions.ts';

/** Milliseconds of one transaction, from asking for it to its being on disk. */
export interface Duration {
  readonly milliseconds: number;
  /** For which the thread was running. */
  readonly processor: number;
  /** For which it could have run, and others had the processors. */
  readonly queued: number;
}

/** The same database; `took` is told of each transaction. */
export const timed = (database: MetadataDatabase, took: (duration: Duration) => void): Transactions => ({
  reading: database.reading,
  read: database.read,
  async transaction(work) {
    const [begun, before] = [performance.now(), scheduled()];
    const result = await database.transaction(work);
    const [ended, after] = [performance.now(), scheduled()];
    took({
      milliseconds: ended - begun,
      processor: after.ran - before.ran,
      queued: after.queued - before.queued,
    });
    return result;
  },
  soon: (before) => database.soon(before),
  changes: () => database.changes(),
  get broken() {
    return database.broken;
  },
});

/** Milliseconds of the main thread, as the kernel counts them (proc_pid_schedstat: nanoseconds, on a processor and waiting for one). */
function scheduled(): { readonly ran: number; readonly queued: number } {
  const [ran = 0, queued = 0] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1')
    .split(' ')
    .map((nanoseconds) => Number(nanoseconds) / 1e6);
  return { ran, queued };
}
