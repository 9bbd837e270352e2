import { setTimeout } from 'node:timers/promises';
import type { Config } from './config.ts';
import type { BlobStore, Quarantine } from './core/blob.ts';
import type { Log } from './ops/log.ts';
import { Scrubber } from './retain/scrub.ts';
import { ScrubStore } from './stores/metadata/scrub-store.ts';
import type { Transactions } from './stores/metadata/transactions.ts';

interface ScrubParts {
  readonly config: Pick<Config, 'scrub' | 'scrubRate'>;
  readonly database: Transactions;
  readonly blobs: BlobStore & Quarantine;
  readonly log: Log;
  readonly now: () => number;
  readonly newId: () => string;
}

/** The scrub of this process, and what probes and metrics tell of it. */
export function openScrub({ config, database, blobs, log, now, newId }: ScrubParts) {
  const tables = new ScrubStore(database);
  const scrubber = new Scrubber({
    tables,
    blobs,
    rate: config.scrubRate,
    scheduled: config.scrub,
    owner: newId(),
    now,
    pause: (milliseconds) => setTimeout(milliseconds),
    found: ({ digest }, damage) =>
      log.write('error', 'stored content is damaged and not served any more; push it again', {
        digest,
        damage,
      }),
    recovered: ({ digest }) => log.write('info', 'lost content is there again and served', { digest }),
    failed: (cause, blob) =>
      log.write('warn', 'the scrub could not read; it tries again', {
        cause,
        ...(blob && { digest: blob.digest }),
      }),
  });
  const damagedBlobs = async (): Promise<number> => (await tables.state()).damagedBlobs;
  return {
    scrubber,
    damagedBlobs,
    /** What cannot be served, in a sentence for `/readyz`. */
    limited: async (): Promise<string | undefined> =>
      (await damagedBlobs()) > 0
        ? 'some stored content is damaged and not served; entrepot scrub says which'
        : undefined,
  };
}
