import { setImmediate } from 'node:timers/promises';
import type { Config } from './config.ts';
import type { BlobStore, Quarantine } from './core/blob.ts';
import type { CheckedClock } from './core/clock.ts';
import type { GarbageReport, GarbageWork } from './core/garbage.ts';
import type { Log } from './ops/log.ts';
import type { GarbageReadings } from './ops/metrics.ts';
import { Collector } from './retain/collector.ts';
import { CollectorLoop } from './retain/collector-loop.ts';
import { Reconciler } from './retain/reconciler.ts';
import { GarbageQueue } from './stores/metadata/gc-tables.ts';
import { StoredGarbage } from './stores/metadata/resources/garbage.ts';
import type { Transactions } from './stores/metadata/transactions.ts';

/** More than half of what is older than a day does not become superfluous in a day, but in small stores. */
const PLAUSIBLE = { share: 0.5, atLeast: 100 };
/** No request takes this long between storing an object and recording it. */
const SETTLED_MS = 15 * 60_000;

interface CollectorParts {
  readonly config: Config;
  readonly database: Transactions & { checkpoint(): void };
  readonly blobs: BlobStore & Quarantine;
  readonly log: Log;
  readonly clock: CheckedClock;
  readonly now: () => number;
  readonly newId: () => string;
}

interface OpenCollector extends AsyncDisposable {
  readonly work: GarbageWork;
  readings(): Promise<GarbageReadings>;
}

/** What deletes what nobody needs, at work from now on. */
export function openCollector(parts: CollectorParts): OpenCollector {
  const { config, database, blobs, log, clock, now, newId } = parts;
  const tables = new GarbageQueue(database);
  const stored = new StoredGarbage(database, now);
  const { random } = Math;
  const reconciler = new Reconciler({
    blobs,
    tables,
    now,
    settledMs: Math.max(config.gcGrace, SETTLED_MS),
    keptMs: config.gcQuarantine,
    most: PLAUSIBLE,
  });
  const collector = new Collector({
    tables,
    blobs,
    reconciler,
    clock,
    times: { graceMs: config.gcGrace, sweepDelayMs: config.gcSweepDelay },
    most: PLAUSIBLE,
    now,
    random,
    newId,
    pace: {
      elapsed: () => performance.now(),
      pause: (milliseconds) => (milliseconds > 0 ? Bun.sleep(milliseconds) : setImmediate()),
      checkpoint: () => database.checkpoint(),
    },
    report: (message, fields) => log.write('warn', message, fields ?? {}),
  });
  let failures = 0;
  const loop = new CollectorLoop({
    collector,
    ...(config.gc && { intervalMs: config.gcInterval }),
    random,
    later,
    failed: (cause) => log.write('warn', 'the collection of garbage failed; it is tried again', { cause }),
    done: (report: GarbageReport) => {
      failures += report.failures;
    },
  });
  return {
    work: {
      wake: () => loop.wake(),
      preview: () => collector.preview(),
      quarantined: () => reconciler.quarantined(),
      get running() {
        return loop.running;
      },
      scheduled: config.gc,
    },
    readings: async () => {
      const statistics = await stored.statistics();
      const { files, blobs: waiting } = statistics.waiting;
      return { ...statistics, waiting: files + waiting, failures };
    },
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
  };
}

function later(work: () => void, milliseconds: number): { stop(): void } {
  const timer = setTimeout(work, milliseconds);
  timer.unref();
  return { stop: () => clearTimeout(timer) };
}
