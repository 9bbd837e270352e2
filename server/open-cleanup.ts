import { type CleanupStep, PolicyCleanup } from './retain/cleanup.ts';
import { CleanupSchedule } from './retain/cleanup-schedule.ts';
import type { CheckedClock } from './core/clock.ts';
import type { Config } from './config.ts';
import type { Log } from './ops/log.ts';
import { cleanupTables } from './stores/metadata/cleanup-tables.ts';
import type { Transactions } from './stores/metadata/transactions.ts';

interface CleanupParts {
  readonly config: Pick<Config, 'cleanupInterval' | 'serviceAccountDomain' | 'trashRetention'>;
  readonly database: Transactions;
  /** What was pulled and is not noted yet. */
  readonly pulls: { flush(): Promise<void> };
  readonly log: Log;
  readonly clock: CheckedClock;
  readonly now: () => number;
  readonly newId: () => string;
  readonly onStep: ((step: CleanupStep) => void) | undefined;
}

/** Cleanup of repositories, on request and by the clock. */
export function openCleanup(parts: CleanupParts) {
  const { config, database, pulls, log, clock, now, newId, onStep } = parts;
  const store = cleanupTables(database, now, config.trashRetention);
  const report = (cause: unknown) => log.write('error', 'a cleanup failed', { cause });
  const cleanup = new PolicyCleanup({ store, pulls, now, newId, report, ...(onStep && { onStep }) });
  const { cleanupInterval: interval, serviceAccountDomain } = config;
  const schedule = new CleanupSchedule({
    cleanup,
    store,
    interval,
    serviceAccountDomain,
    report,
    clock,
    now,
    newId,
  });
  return {
    cleanup,
    schedule,
    [Symbol.asyncDispose]: async () => {
      schedule.stop();
      await cleanup.stop();
    },
  };
}
