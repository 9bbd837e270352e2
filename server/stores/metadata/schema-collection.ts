import type { Generated } from 'kysely';

/** Milliseconds since the epoch. */
type Instant = number;
/** A JSON document as text. */
type Json = string;

export interface CleanupRunTable {
  readonly id: string;
  readonly repository_id: number;
  readonly began_by: 'SCHEDULE' | 'REQUEST';
  readonly dry_run: number;
  readonly outcome: 'RUNNING' | 'DONE' | 'INTERRUPTED' | 'FAILED';
  readonly message: string | null;
  readonly counts: Json;
  readonly unlisted: Generated<number>;
  /** The operation that follows it. */
  readonly operation: string | null;
  readonly started_at: Instant;
  /** When it last said how far it is. */
  readonly touched_at: Instant;
  readonly ended_at: Instant | null;
}

export interface CleanupDecisionTable {
  readonly run_id: string;
  readonly position: number;
  readonly package: string;
  readonly version: string;
  readonly tags: Json;
  readonly created_at: Instant;
  readonly pulled_at: Instant | null;
  readonly size: number;
  readonly action: 'KEEP' | 'DELETE';
  readonly reason: string;
  readonly policy: string | null;
  readonly because: string | null;
}

/** What the collector looks at next. Filled by triggers, so that no code path can forget. */
export interface GcQueueTable {
  /** `sweep`: a blob that is condemned, to be deleted when it is due and still nobody's. */
  readonly kind: 'blob' | 'file' | 'sweep';
  /** The blob's digest, or the row id of the file or version. */
  readonly key: string;
  readonly due_at: Instant;
  readonly reason: string;
  readonly attempts: Generated<number>;
}

/** One row. Triggers keep `blobs` and `bytes`; a collector the rest. */
export interface GcStateTable {
  readonly only: 0;
  readonly blobs: number;
  readonly bytes: number;
  readonly freed_blobs: number;
  readonly freed_bytes: number;
  /**
   * The day that condemned blobs are counted in: when it began, how many had been freed by then, and how many that were
   * not new have been condemned since.
   */
  readonly window_from: Instant;
  readonly window_base: number;
  readonly window_taken: number;
  /** When objects were last held against rows. */
  readonly reconciled_at: Instant;
}

export interface GcRunTable {
  readonly id: string;
  readonly requested_at: Instant;
  /** Absent until a process takes it on. */
  readonly started_at: Instant | null;
  readonly ended_at: Instant | null;
  readonly forced: number;
  readonly report: Json;
  readonly error: string | null;
}

/** What was deleted last, so that whoever misses it can be told. */
export interface FreedBlobTable {
  readonly seq: Generated<number>;
  readonly digest: string;
  readonly size: number;
  readonly generation: string;
  readonly freed_at: Instant;
  readonly run: string;
}

/** One row: how far the scrub is. */
export interface ScrubStateTable {
  readonly only: 0;
  readonly requested_at: Instant;
  /** Of the process that works; it is over at `lease_until`. */
  readonly owner: string | null;
  readonly lease_until: Instant;
  /** The pass under way, when there is one; `cursor` is the last digest it looked at. */
  readonly pass_from: Instant | null;
  readonly pass_blobs: number;
  readonly pass_bytes: number;
  readonly cursor: string;
  /** 1 when somebody asked for it. */
  readonly hurried: number;
  /** The last pass that came to its end. */
  readonly last_from: Instant | null;
  readonly last_to: Instant | null;
  readonly last_blobs: number;
  readonly last_bytes: number;
}
