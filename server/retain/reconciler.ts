import { setImmediate } from 'node:timers/promises';
import type { BlobInfo, BlobStore, Quarantine } from '../core/blob.ts';
import type { Freed, GarbageReport, GarbageTables, PlausibleShare } from '../core/garbage.ts';

/** Objects that are held against rows at a time. */
const PAGE = 200;
/** Orphans that one run sets aside; the next finds the others. */
const MOST_ORPHANS = 10_000;

export interface ReconcilerParts {
  readonly blobs: Pick<BlobStore, 'list'> & Quarantine;
  readonly tables: Pick<GarbageTables, 'unknown'>;
  readonly now: () => number;
  /** Milliseconds that an object may be without a row: longer than any transaction takes that will give it one. */
  readonly settledMs: number;
  /** Milliseconds that an object stays in quarantine. */
  readonly keptMs: number;
  readonly most: PlausibleShare;
}

type Found = Pick<GarbageReport, 'quarantined' | 'quarantinedBytes' | 'refusal'>;

/** Objects in the store that no row has: what a crash between the two left behind. */
export class Reconciler {
  readonly #parts: ReconcilerParts;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** Sets orphans aside; with `dryRun` it only counts them. */
  async run({
    dryRun = false,
    forced = false,
  }: {
    readonly dryRun?: boolean;
    readonly forced?: boolean;
  }): Promise<Found> {
    const { blobs, most } = this.#parts;
    const { orphans, objects } = await this.#orphans();
    const found = {
      quarantined: orphans.length,
      quarantinedBytes: orphans.reduce((sum, { size }) => sum + size, 0),
    };
    if (dryRun) return found;
    if (!forced && orphans.length > Math.max(most.atLeast, most.share * objects))
      return {
        quarantined: 0,
        quarantinedBytes: 0,
        refusal: `${orphans.length} of ${objects} objects are in no table: see whether the database is the right one`,
      };
    for (const orphan of orphans) await blobs.setAside(orphan);
    return found;
  }

  /** Deletes what has been set aside for long enough. */
  async purge(): Promise<Pick<GarbageReport, 'purged' | 'purgedBytes'>> {
    const { blobs, now, keptMs } = this.#parts;
    let [purged, purgedBytes] = [0, 0];
    for await (const { since, ...blob } of blobs.asides()) {
      if (since > now() - keptMs) continue;
      await blobs.dropAside(blob);
      purged += 1;
      purgedBytes += blob.size;
    }
    return { purged, purgedBytes };
  }

  async quarantined(): Promise<Freed> {
    let [blobs, bytes] = [0, 0];
    for await (const { size } of this.#parts.blobs.asides()) {
      blobs += 1;
      bytes += size;
    }
    return { blobs, bytes };
  }

  async #orphans(): Promise<{ readonly orphans: readonly BlobInfo[]; readonly objects: number }> {
    const orphans: BlobInfo[] = [];
    let objects = 0;
    let page: BlobInfo[] = [];
    for await (const blob of this.#parts.blobs.list()) {
      objects += 1;
      page.push(blob);
      if (page.length < PAGE) continue;
      orphans.push(...(await this.#settledOrphans(page)));
      page = [];
      if (orphans.length >= MOST_ORPHANS) break;
      await setImmediate();
    }
    orphans.push(...(await this.#settledOrphans(page)));
    return { orphans, objects };
  }

  async #settledOrphans(page: readonly BlobInfo[]): Promise<readonly BlobInfo[]> {
    const { blobs, tables, now, settledMs } = this.#parts;
    const settled: BlobInfo[] = [];
    for (const blob of await tables.unknown(page)) {
      const at = await blobs.storedAt(blob);
      if (at !== undefined && at <= now() - settledMs) settled.push(blob);
    }
    return settled;
  }
}
