/**
 * Collects garbage in a stopped server's data directory for some seconds: `gc-program.ts DATA SECONDS`. Prints, as JSON, how
 * many blobs were freed and how long transactions took: in all, of the processor, and without waiting for a processor that others had.
 */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { median } from '../statistics.ts';
import { Collector } from '../../server/retain/collector.ts';
import { Reconciler } from '../../server/retain/reconciler.ts';
import { FilesystemBlobs } from '../../server/stores/blobs/filesystem.ts';
import { MetadataDatabase } from '../../server/stores/metadata/database.ts';
import { GarbageQueue } from '../../server/stores/metadata/gc-tables.ts';
import { type Duration, timed } from './timed-transactions.ts';

const [data = '', seconds = '5'] = process.argv.slice(2);
const most = { share: 1, atLeast: 0 };
const took: Duration[] = [];
await using database = await MetadataDatabase.open(join(data, 'entrepot.db'));
await using blobs = await FilesystemBlobs.open({ root: join(data, 'blobs') });
const tables = new GarbageQueue(timed(database, (duration) => took.push(duration)));
const now = () => Date.now();
const reconciler = new Reconciler({ blobs, tables, now, settledMs: 0, keptMs: 0, most });
const collector = new Collector({
  tables,
  blobs,
  reconciler,
  clock: { time: now },
  times: { graceMs: 0, sweepDelayMs: 0 },
  most,
  now,
  random: Math.random,
  newId: () => crypto.randomUUID(),
  pace: {
    elapsed: () => performance.now(),
    pause: (milliseconds) => (milliseconds > 0 ? Bun.sleep(milliseconds) : setImmediate()),
    checkpoint: () => database.checkpoint(),
  },
  report: (message, fields) => console.error(message, fields),
});
const end = performance.now() + Number(seconds) * 1000;
let freed = 0;
for (let more = true; more && performance.now() < end;) {
  const turn = await collector.turn();
  freed += turn.report.blobsFreed;
  more = turn.more;
}
const of = (part: (duration: Duration) => number) => {
  const sorted = took.map(part).toSorted((a, b) => a - b);
  return { median: median(sorted), p99: sorted[Math.ceil(sorted.length * 0.99) - 1], longest: sorted.at(-1) };
};
const figures = {
  freed,
  transactions: took.length,
  all: of(({ milliseconds }) => milliseconds),
  processor: of(({ processor }) => processor),
  own: of(({ milliseconds, queued }) => milliseconds - queued),
};
console.log(JSON.stringify(figures));
