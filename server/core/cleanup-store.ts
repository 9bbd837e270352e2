import type { Act } from './audit.ts';
import type {
  CleanupCounts,
  CleanupDecision,
  CleanupOutcome,
  CleanupPolicies,
  CleanupRun,
  Hold,
  VersionFact,
} from './cleanup.ts';
import type { RepositoryAddress } from './repository.ts';
import type { Document, Listed, ListQuery } from './resources.ts';

export interface CleanupTarget extends RepositoryAddress {
  readonly repositoryId: number;
  readonly projectNumber: number;
  readonly policies: CleanupPolicies;
  /** Whether scheduled runs delete nothing. */
  readonly dryRun: boolean;
}

/** What a decision is told with, and what must still be so when it is carried out. */
export interface VersionDetail extends VersionFact {
  readonly updatedAt: number;
  readonly sizeBytes: number;
}

/** A run as its operation tells of it. */
export type RunBody = (run: CleanupRun) => Document;

export interface NewRun {
  readonly target: Pick<CleanupTarget, 'repositoryId' | 'project' | 'location'>;
  readonly id: string;
  readonly dryRun: boolean;
  readonly trigger: CleanupRun['trigger'];
  /** Nothing begins unless the last scheduled run began before this, in milliseconds since the epoch. */
  readonly lastBefore?: number;
  readonly operation?: { readonly id: string; readonly account: string; readonly body: RunBody };
}

/** A few decisions of a run, and what has come of it so far. */
export interface RunStep {
  readonly counts: CleanupCounts;
  /** Those to list. */
  readonly decisions: readonly CleanupDecision[];
  /** Of all so far, how many are not listed. */
  readonly unlisted: number;
}

export interface Removal {
  readonly repositoryId: number;
  readonly package: string;
  /** Holders before what they hold. */
  readonly versions: readonly VersionDetail[];
}

/** Rows, a page at a time, with a turn for others after each page. */
export type Pages<T> = AsyncIterable<readonly T[]>;

export interface CleanupStore {
  target(address: RepositoryAddress): Promise<CleanupTarget>;
  /** Repositories with policies whose last scheduled run, and last change, began before these instants. */
  due(lastBefore: number, changedBefore: number): Promise<readonly CleanupTarget[]>;

  packages(repositoryId: number): Pages<{ readonly id: number; readonly package: string }>;
  versions(packageId: number): Pages<VersionFact>;
  holds(packageId: number): Pages<Hold>;
  /** In any order, without those that are gone. */
  details(ids: readonly number[]): Promise<readonly VersionDetail[]>;
  /** Bytes that nothing names once these are gone. `shared` is kept for the other versions of a package. */
  freedBy(ids: readonly number[], shared: Map<number, number>): Promise<number>;

  /** FAILED_PRECONDITION while another run is on; with `lastBefore`, nothing, also when another process was quicker. */
  begin(run: NewRun, act?: Act): Promise<CleanupRun | undefined>;
  /** NOT_FOUND once the repository is gone. */
  step(run: string, step: RunStep, body?: RunBody): Promise<void>;
  /** Says that a run is still on: one that says nothing for seconds has ended with its process, and stands in nobody's way. */
  renew(run: string): Promise<void>;
  /**
   * Deletes what is still as it was decided about, and says in the same transaction how far the run is then: `step` is told the names
   * of the others. NOT_FOUND once the run is over: one that said nothing for long was ended by whoever came next.
   */
  remove(
    run: string,
    removal: Removal & { readonly step: (left: readonly string[]) => RunStep },
    by: { readonly act: Act; readonly body?: RunBody },
  ): Promise<RunStep>;
  end(
    run: string,
    end: RunStep & { readonly outcome: Exclude<CleanupOutcome, 'RUNNING'>; readonly message?: string },
    ended: { readonly body?: RunBody; readonly act?: Act },
  ): Promise<void>;

  run(address: RepositoryAddress, id: string): Promise<CleanupRun | undefined>;
  runs(address: RepositoryAddress, query: Pick<ListQuery, 'limit' | 'after'>): Promise<Listed<CleanupRun>>;
  decisions(
    address: RepositoryAddress,
    id: string,
    query: Pick<ListQuery, 'limit' | 'after'>,
  ): Promise<Listed<CleanupDecision>>;
}
