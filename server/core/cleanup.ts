import type { Act } from './audit.ts';
import type { RepositoryAddress } from './repository.ts';
import type { Document, Listed, ListQuery } from './resources.ts';

/** What a policy asks of a version; what is absent asks nothing (Artifact Registry, CleanupPolicyCondition). */
export interface CleanupCondition {
  readonly tagState?: 'TAG_STATE_UNSPECIFIED' | 'TAGGED' | 'UNTAGGED' | 'ANY';
  readonly tagPrefixes?: readonly string[];
  readonly versionNamePrefixes?: readonly string[];
  readonly packageNamePrefixes?: readonly string[];
  /** Seconds with an `s`, of the time since the upload. */
  readonly olderThan?: string;
  readonly newerThan?: string;
  /** Beyond Artifact Registry: of the time since it was pulled last, or uploaded where it never was. */
  readonly notPulledFor?: string;
  /** Of the time since it was pulled last; matches nothing that never was. */
  readonly pulledWithin?: string;
}

/** How much later than it is noted a version may have been pulled last. */
export const PULLS_NOTED_MS = 3_600_000;

/** Beyond Artifact Registry, a policy may have both: the condition selects, the count keeps. */
export interface CleanupPolicy {
  readonly action?: 'ACTION_UNSPECIFIED' | 'DELETE' | 'KEEP';
  readonly condition?: CleanupCondition;
  readonly mostRecentVersions?: {
    readonly packageNamePrefixes?: readonly string[];
    readonly keepCount?: number;
  };
}
/** By id. The order decides only which of several policies is named. */
export type CleanupPolicies = Readonly<Record<string, CleanupPolicy>>;

/** What decides about a version, as far as it says so itself. */
export interface VersionFact {
  readonly id: number;
  readonly version: string;
  readonly tags: readonly string[];
  /** Whether one of its tags is immutable. */
  readonly isHeld: boolean;
  /** When it was uploaded, in milliseconds since the epoch. */
  readonly createdAt: number;
  /** When it was pulled last, to the hour. */
  readonly pulledAt?: number;
}

/** A version that keeps another for as long as it stays: an index its children, a subject its referrers. */
export interface Hold {
  readonly holder: number;
  readonly held: number;
  readonly kind: 'child' | 'subject';
}

/**
 * Why. A policy decided (`KEEP_POLICY`, `DELETE_POLICY`), or what it belongs to did (`PART_OF`, `REFERS_TO`), or an immutable
 * tag; `CHANGED`: it is no longer what was decided about.
 */
export type CleanupReason =
  | 'KEEP_POLICY'
  | 'DELETE_POLICY'
  | 'PART_OF'
  | 'REFERS_TO'
  | 'IMMUTABLE_TAG'
  | 'NO_POLICY'
  | 'CHANGED';

export interface Verdict {
  readonly action: 'KEEP' | 'DELETE';
  readonly reason: CleanupReason;
  /** The id of the policy that decided, also where it decided about what this belongs to. */
  readonly policy?: string;
}

export interface CleanupDecision extends Verdict {
  readonly package: string;
  readonly version: string;
  readonly tags: readonly string[];
  readonly createdAt: number;
  readonly pulledAt?: number;
  readonly sizeBytes: number;
  /** The version it belongs to, where that decided. */
  readonly because?: string;
}

export interface CleanupCounts {
  readonly versions: number;
  readonly deleted: number;
  readonly kept: number;
  /** Decided to be deleted, and left since something changed meanwhile. */
  readonly skipped: number;
  /** What only the deleted versions needed: an estimate, since the same bytes may have other names. */
  readonly freedBytes: number;
}

/** How a run begins. */
export const NOTHING_CLEANED: CleanupCounts = { versions: 0, deleted: 0, kept: 0, skipped: 0, freedBytes: 0 };

export type CleanupOutcome = 'RUNNING' | 'DONE' | 'INTERRUPTED' | 'FAILED';

export interface CleanupRun {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly dryRun: boolean;
  readonly trigger: 'SCHEDULE' | 'REQUEST';
  readonly counts: CleanupCounts;
  readonly outcome: CleanupOutcome;
  /** What went wrong. */
  readonly message?: string;
  /** Decisions beyond those that are listed. */
  readonly unlisted: number;
}

export interface CleanupStart {
  readonly dryRun: boolean;
  /** Who asked; the record of that, and the actor of the deletions. */
  readonly act: Act;
  /** Its body while the run is on, and when it is over. */
  readonly draft: {
    readonly id: string;
    readonly account: string;
    body(run: CleanupRun): Document;
  };
}

/** Cleanup of a repository, to the management API. NOT_FOUND where the repository is not there. */
export interface Cleanup {
  /** What each version would come to by these policies, or by the repository's own. Changes nothing. */
  preview(
    address: RepositoryAddress,
    policies?: CleanupPolicies,
  ): AsyncIterable<CleanupDecision | CleanupCounts>;
  /** Begins a run and answers its operation. FAILED_PRECONDITION while there is one. */
  start(address: RepositoryAddress, start: CleanupStart): Promise<Document>;
  run(address: RepositoryAddress, id: string): Promise<CleanupRun | undefined>;
  /** The newest first. */
  runs(address: RepositoryAddress, query: Pick<ListQuery, 'limit' | 'after'>): Promise<Listed<CleanupRun>>;
  /** Those where a policy had a say, as many as are kept. */
  decisions(
    address: RepositoryAddress,
    id: string,
    query: Pick<ListQuery, 'limit' | 'after'>,
  ): Promise<Listed<CleanupDecision>>;
}
