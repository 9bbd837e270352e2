import type { Act } from './audit.ts';
import type { BlobInfo } from './blob.ts';

/** When something that nobody needs may go. All in milliseconds, and all may be zero. */
export interface GarbageTimes {
  /** How long everything is left alone after its lease, its creation or the loss of its last reference. */
  readonly graceMs: number;
  /** How long a condemned blob waits for somebody who still wants it. */
  readonly sweepDelayMs: number;
}

/** The most that is condemned in a day without being forced: a defect, or a damaged table, must not empty the store. */
export interface PlausibleShare {
  /** Of all blobs, from 0 to 1. */
  readonly share: number;
  /** As few as these are always plausible. */
  readonly atLeast: number;
}

/** How much one transaction does: others wait for it. */
export interface GarbageShare {
  /** Rows at most. */
  readonly limit: number;
  /** Milliseconds after which it takes no further rows, however few it has. */
  readonly budgetMs: number;
  /** Milliseconds since any moment. */
  readonly elapsed: () => number;
}

/** What is due at a time. */
export interface GarbageDue extends GarbageTimes {
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** One short transaction's worth of things that are due. */
export interface GarbageBatch extends GarbageDue, GarbageShare {}

export interface ReviewedFiles {
  /** Rows of the queue that were looked at; none when no more are due. */
  readonly taken: number;
  readonly removed: number;
}

export interface ReviewedBlobs {
  readonly taken: number;
  readonly condemned: number;
  readonly bytes: number;
  /** Whether it stopped before it condemned an implausible share. */
  readonly refused: boolean;
}

/** A blob that is being deleted. Nobody can use it any more; a push of the same bytes makes another generation. */
export interface Doomed extends BlobInfo {
  /** How often this was tried. */
  readonly attempts: number;
}

export interface Freed {
  readonly blobs: number;
  readonly bytes: number;
}

export interface Forgotten extends Freed {
  /** How many of those named, from the first on, were looked at. */
  readonly taken: number;
}

/** What a run did, or would do. */
export interface GarbageReport {
  /** Deleted versions that had been in the trash for long enough. */
  readonly versionsPurged: number;
  readonly filesRemoved: number;
  readonly blobsCondemned: number;
  readonly condemnedBytes: number;
  readonly blobsFreed: number;
  readonly freedBytes: number;
  /** Objects without a row that were set aside. */
  readonly quarantined: number;
  readonly quarantinedBytes: number;
  /** Objects that had been set aside for long enough and were deleted. */
  readonly purged: number;
  readonly purgedBytes: number;
  /** Objects that could not be deleted; they are tried again later. */
  readonly failures: number;
  /** Why it did not do all of it. */
  readonly refusal?: string;
}

/** How a run begins. */
export const NOTHING_DONE: GarbageReport = {
  versionsPurged: 0,
  filesRemoved: 0,
  blobsCondemned: 0,
  condemnedBytes: 0,
  blobsFreed: 0,
  freedBytes: 0,
  quarantined: 0,
  quarantinedBytes: 0,
  purged: 0,
  purgedBytes: 0,
  failures: 0,
};

export interface GarbageRun {
  readonly id: string;
  readonly requestedAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly forced: boolean;
  readonly report: GarbageReport;
  readonly error?: string;
}

/**
 * The collector's side of the metadata. Each call is one short transaction, and any number of processes may make
 * them: whoever takes rows that lead to work outside of a transaction puts off their next review, which is a lease.
 */
export interface GarbageTables {
  /** Deletes for good what has been in the trash for long enough. Answers how many versions those were. */
  purgeTrash(batch: GarbageBatch, act: Act): Promise<number>;
  /** Removes loose files whose lease is over and that no version needs. */
  reviewFiles(batch: GarbageBatch): Promise<ReviewedFiles>;
  /** Condemns blobs that no file names. Without `most` nothing is implausible. */
  condemn(batch: GarbageBatch, most: PlausibleShare | undefined): Promise<ReviewedBlobs>;
  /** Marks blobs that were condemned for long enough, and that nobody came to want, as being deleted. */
  markDeleting(batch: GarbageBatch, leaseMs: number): Promise<readonly Doomed[]>;
  /** Forgets blobs whose objects are gone, unless they are there again in another generation: as many as there is time for. */
  free(gone: readonly Doomed[], batch: GarbageBatch, act: Act): Promise<Forgotten>;
  /** Puts off what could not be done. */
  postpone(blob: Doomed, until: number): Promise<void>;
  /** Of these objects, those that no row has. */
  unknown(objects: readonly BlobInfo[]): Promise<readonly BlobInfo[]>;
  /** Whether it is for the caller to hold objects against rows, because nobody did since `before`. */
  claimReconciliation(now: number, before: number): Promise<boolean>;
  /** The next run that somebody asked for and nobody took on. */
  claimRun(now: number): Promise<GarbageRun | undefined>;
  /** Keeps what a run did; of runs that nobody asked for, only those that did something are told of. */
  endRun(run: GarbageRun, act: Act | undefined): Promise<void>;
  /** What a run would do now, as far as it can be told beforehand. Changes nothing. */
  preview(due: GarbageDue): Promise<GarbageReport>;
}

/** How the collection stands. */
export interface GarbageStatistics {
  /** Things waiting to be looked at, by kind. */
  readonly waiting: { readonly files: number; readonly blobs: number };
  readonly stored: Freed;
  readonly condemned: Freed;
  readonly deleting: Freed;
  /** Since the installation was made. */
  readonly freed: Freed;
  readonly lastRun?: GarbageRun;
}

export interface BlobReference {
  /** `projects/P/locations/L/repositories/R`. */
  readonly repository: string;
  readonly package?: string;
  readonly path: string;
  /** Those that are made of the file; some of them, where there are many. */
  readonly versions: readonly string[];
  /** Until when the file is kept though no version needs it. */
  readonly leaseUntil?: number;
  /** Until when the versions, which were deleted, can be had back. */
  readonly purgeAt?: number;
}

/** Why a blob is kept, or what became of it. */
export interface BlobExplanation {
  readonly digest: string;
  readonly blob?: { readonly size: number; readonly state: string; readonly createdAt: number };
  /** Some of them, where there are many. */
  readonly references: readonly BlobReference[];
  readonly review?: { readonly reason: string; readonly dueAt: number; readonly attempts: number };
  /** The last time that it was freed, where that is not long ago. */
  readonly freed?: { readonly at: number; readonly size: number; readonly run: string };
}

/** The management API's side of it. */
export interface GarbageResources {
  statistics(): Promise<GarbageStatistics>;
  explain(digest: string): Promise<BlobExplanation>;
  /** Asks for a run, which some process takes on. */
  request(run: { readonly id: string; readonly forced: boolean }): Promise<GarbageRun>;
  run(id: string): Promise<GarbageRun | undefined>;
}

/** The collector of this process, to whoever answers for it. */
export interface GarbageWork {
  /** Looks at once whether a run was asked for. */
  wake(): void;
  preview(): Promise<GarbageReport>;
  quarantined(): Promise<Freed>;
  readonly running: boolean;
  /** Whether it works by itself, or only on request. */
  readonly scheduled: boolean;
}
