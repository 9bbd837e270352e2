import type { Act } from '../core/audit.ts';
import type { BlobStore } from '../core/blob.ts';
import type { CheckedClock } from '../core/clock.ts';
import {
  type Doomed,
  type GarbageBatch,
  type GarbageReport,
  type GarbageRun,
  type GarbageTables,
  type GarbageTimes,
  NOTHING_DONE,
  type PlausibleShare,
} from '../core/garbage.ts';
import { Pace, type PaceParts } from './pace.ts';
import type { Reconciler } from './reconciler.ts';

/** Transactions of each kind to a turn, so that one turn is soon over. */
const TURN = 40;
/** Objects that are deleted at once: others want the disk, and the threads that wait for it, too. */
const AT_ONCE = 8;
/** How long other processes leave alone what this one is deleting. */
const LEASE_MS = 60_000;
const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 3_600_000;
const DAY_MS = 24 * 3_600_000;

/** Moments of a deletion. `marked`: nobody can use it any more; `removed`: its object is gone; `freed`: its row too. */
export const COLLECT_STEPS = ['condemned', 'marked', 'removed', 'freed'] as const;
export type CollectStep = (typeof COLLECT_STEPS)[number];

export interface CollectorParts {
  readonly tables: GarbageTables;
  readonly blobs: Pick<BlobStore, 'delete'>;
  readonly reconciler: Reconciler;
  readonly clock: CheckedClock;
  readonly times: GarbageTimes;
  readonly most: PlausibleShare;
  readonly now: () => number;
  /** From 0 up to, and without, 1. */
  readonly random: () => number;
  readonly newId: () => string;
  readonly pace: PaceParts;
  readonly report: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** Called at each step, for tests that do something just there. */
  readonly onStep?: (step: CollectStep) => void | Promise<void>;
}

export interface Turn {
  readonly report: GarbageReport;
  /** Whether more is due already. */
  readonly more: boolean;
}

type Counts = { -readonly [K in keyof Omit<GarbageReport, 'refusal'>]: number };

const PAUSED =
  'the clock was set, so for a while no lease or grace is taken to be over; force a run to go on at once';
const IMPLAUSIBLE =
  'an implausible share of the store is named by nobody and was left alone; if it really was deleted, force a run';

/** Deletes what nobody needs, in turns: each a bounded number of short transactions, beside everything else that goes on. */
export class Collector {
  readonly #parts: CollectorParts;
  readonly #pace: Pace;
  #stopped = false;

  constructor(parts: CollectorParts) {
    this.#parts = parts;
    this.#pace = new Pace(parts.pace);
  }

  /** Ends what is under way after the transaction that it is at. */
  stop(): void {
    this.#stopped = true;
  }

  /** One turn of the work that comes by itself. */
  async turn(): Promise<Turn> {
    const { tables, clock, now, newId } = this.#parts;
    if (clock.time() === undefined) return { report: { ...nothing(), refusal: PAUSED }, more: false };
    const run: GarbageRun = {
      id: newId(),
      requestedAt: now(),
      startedAt: now(),
      forced: false,
      report: nothing(),
    };
    const reconcile = await tables.claimReconciliation(now(), now() - DAY_MS);
    const { more, report } = await this.#work(run, { reconcile, turns: 1 });
    return { report, more };
  }

  /** A run that somebody asked for and no process has taken on yet: everything that is due. */
  async requested(): Promise<GarbageReport | undefined> {
    const { tables, clock, now } = this.#parts;
    const run = await tables.claimRun(now());
    if (!run) return undefined;
    if (clock.time() === undefined && !run.forced) {
      const report = { ...nothing(), refusal: PAUSED };
      await tables.endRun({ ...run, endedAt: now(), report }, undefined);
      return report;
    }
    return (await this.#work(run, { reconcile: true, turns: Number.POSITIVE_INFINITY })).report;
  }

  async preview(): Promise<GarbageReport> {
    const { tables, times, now, reconciler } = this.#parts;
    const due = await tables.preview({ now: now(), ...times });
    return { ...due, ...(await reconciler.run({ dryRun: true })) };
  }

  async #work(
    run: GarbageRun,
    { reconcile, turns }: { readonly reconcile: boolean; readonly turns: number },
  ): Promise<Turn> {
    const { tables, now, reconciler } = this.#parts;
    const counts = nothing();
    const refusals = new Set<string>();
    const act = actOf(run);
    let more = true;
    let error: unknown;
    try {
      for (let turn = 0; turn < turns && more && !this.#stopped; turn += 1)
        more = await this.#once(counts, refusals, { act, forced: run.forced });
      if (reconcile && !this.#stopped && !refusals.has(PAUSED)) {
        const { refusal, ...found } = await reconciler.run({ forced: run.forced });
        if (refusal !== undefined) refusals.add(refusal);
        Object.assign(counts, found, await reconciler.purge());
      }
    } catch (thrown) {
      error = thrown;
    }
    const refusal = [...refusals].join('; ');
    const report: GarbageReport = { ...counts, ...(refusal !== '' && { refusal }) };
    const deleted = counts.blobsFreed + counts.purged + counts.versionsPurged > 0;
    if (turns > 1 || Object.values(counts).some((count) => count > 0) || refusal !== '')
      await tables.endRun(
        {
          ...run,
          endedAt: now(),
          report,
          ...(this.#stopped && { error: 'the server stopped meanwhile' }),
          ...(error !== undefined && { error: 'it failed; the log of the server says why' }),
        },
        deleted ? act : undefined,
      );
    if (error !== undefined) throw error;
    if (refusal !== '') this.#parts.report(refusal);
    return { report, more };
  }

  /** Answers whether more is due already. */
  async #once(
    counts: Counts,
    refusals: Set<string>,
    how: { readonly act: Act; readonly forced: boolean },
  ): Promise<boolean> {
    const { tables, onStep, most, clock, now } = this.#parts;
    // Asked before each batch: the clock may be set in the middle of a turn.
    const time = (): number | undefined => {
      const at = how.forced ? now() : clock.time();
      if (at === undefined) refusals.add(PAUSED);
      return at;
    };
    const trash = await this.#batches(time, async (batch) => {
      const purged = await this.#pace.transaction(() => tables.purgeTrash(batch, how.act));
      counts.versionsPurged += purged;
      return purged > 0;
    });
    const files = await this.#batches(time, async (batch) => {
      const { taken, removed } = await this.#pace.transaction(() => tables.reviewFiles(batch));
      counts.filesRemoved += removed;
      return taken > 0;
    });
    const blobs = await this.#batches(time, async (batch) => {
      const reviewed = await this.#pace.transaction(() =>
        tables.condemn(batch, how.forced ? undefined : most),
      );
      counts.blobsCondemned += reviewed.condemned;
      counts.condemnedBytes += reviewed.bytes;
      if (reviewed.refused) refusals.add(IMPLAUSIBLE);
      if (reviewed.condemned > 0) await onStep?.('condemned');
      return reviewed.taken > 0 && !reviewed.refused;
    });
    const swept = await this.#batches(time, (batch) => this.#sweep(batch, counts, how.act));
    return trash || files || blobs || swept;
  }

  /** Repeats while there is more, up to a turn's worth; answers whether there still is. */
  async #batches(
    time: () => number | undefined,
    work: (batch: GarbageBatch) => Promise<boolean>,
  ): Promise<boolean> {
    const { times } = this.#parts;
    for (let count = 0; count < TURN && !this.#stopped; count += 1) {
      const now = time();
      if (now === undefined || !(await work({ now, ...times, ...this.#pace.share }))) return false;
      await this.#pace.rest();
    }
    return true;
  }

  /** Marks in one transaction, deletes outside of any, forgets in a last one; whoever is cut short leaves it to the next. */
  async #sweep(batch: GarbageBatch, counts: Counts, act: Act): Promise<boolean> {
    const { tables, blobs, onStep } = this.#parts;
    const doomed = await this.#pace.transaction(() => tables.markDeleting(batch, LEASE_MS));
    if (doomed.length === 0) return false;
    await onStep?.('marked');
    await this.#pace.rest();
    const outcomes: PromiseSettledResult<void>[] = [];
    for (let from = 0; from < doomed.length; from += AT_ONCE)
      outcomes.push(
        ...(await Promise.allSettled(doomed.slice(from, from + AT_ONCE).map((blob) => blobs.delete(blob)))),
      );
    await onStep?.('removed');
    const gone = doomed.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    await this.#forget(gone, batch, { counts, act });
    await onStep?.('freed');
    for (const [index, outcome] of outcomes.entries()) {
      const blob = doomed[index];
      if (outcome.status === 'rejected' && blob) await this.#failed(blob, counts, outcome.reason);
    }
    return true;
  }

  async #forget(
    gone: readonly Doomed[],
    batch: GarbageBatch,
    { counts, act }: { readonly counts: Counts; readonly act: Act },
  ): Promise<void> {
    const { tables, now } = this.#parts;
    for (let left = gone; left.length > 0;) {
      const at = { ...batch, now: now() };
      const freed = await this.#pace.transaction(() => tables.free(left, at, act));
      counts.blobsFreed += freed.blobs;
      counts.freedBytes += freed.bytes;
      left = left.slice(freed.taken);
      if (left.length > 0) await this.#pace.rest();
    }
  }

  async #failed(blob: Doomed, counts: Counts, cause: unknown): Promise<void> {
    const { tables, now, random, report } = this.#parts;
    counts.failures += 1;
    const delay = Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** blob.attempts);
    await tables.postpone(blob, now() + Math.round(delay * (0.5 + random())));
    report('an object could not be deleted; it is tried again later', { digest: blob.digest, cause });
  }
}

const nothing = (): Counts => ({ ...NOTHING_DONE });

/** What the server does by itself is in the audit log under its own name. */
const actOf = ({ id, startedAt, requestedAt }: GarbageRun): Act => ({
  id: `garbage-${id}`,
  at: startedAt ?? requestedAt,
  actor: { member: 'system:garbage-collector', peer: '' },
  type: 'ADMIN_WRITE',
  service: 'entrepot',
  method: 'entrepot.v1.Storage.CollectGarbage',
  resource: '/',
});
