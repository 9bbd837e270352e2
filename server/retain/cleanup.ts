import type { Act } from '../core/audit.ts';
import {
  type Cleanup,
  type CleanupCounts,
  type CleanupDecision,
  type CleanupPolicies,
  type CleanupRun,
  type CleanupStart,
  NOTHING_CLEANED,
} from '../core/cleanup.ts';
import type { CleanupStore, CleanupTarget, RunBody, RunStep, VersionDetail } from '../core/cleanup-store.ts';
import { isNotFound, RegistryError } from '../core/error.ts';
import { type RepositoryAddress, repositoryName } from '../core/repository.ts';
import type { Document } from '../core/resources.ts';
import { PackagePlan, type Planned } from './cleanup-plan.ts';
import { readyPolicies } from './cleanup-policy.ts';

/** Versions that one transaction deletes: few enough that other writers hardly wait. */
const STEP = 100;
/** Decisions of a run that are kept to be looked at. */
const MOST_LISTED = 2_000;
/** How often a run that has nothing to list says how far it is. */
const TELL_EVERY_MS = 2_000;
/** How often a run says that it is on, unless told otherwise. */
const RENEW_EVERY_MS = 2_000;

/** Moments of a run. `cleaned`: some versions are deleted, and others may follow. */
export type CleanupStep = 'cleaned';

export interface CleanupParts {
  readonly store: CleanupStore;
  /** What was pulled and is not noted yet. */
  readonly pulls: { flush(): Promise<void> };
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly newId: () => string;
  /** Told of runs that failed for a reason that is nobody's request. */
  readonly report: (cause: unknown) => void;
  /** Milliseconds after which a run says again that it is on. */
  readonly renewEveryMs?: number;
  /** Called at each step, for tests that do something just there. */
  readonly onStep?: (step: CleanupStep) => void;
}

interface Batch {
  readonly package: string;
  readonly decided: readonly {
    readonly planned: Planned;
    readonly detail: VersionDetail;
    readonly because?: string;
  }[];
  readonly freedBytes: number;
}

interface How {
  readonly act: Act;
  readonly body?: RunBody;
}

type Done = Pick<RunStep, 'counts' | 'decisions'>;

/** Applies cleanup policies: says what they come to, and carries it out. */
export class PolicyCleanup implements Cleanup {
  readonly #parts: CleanupParts;
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(parts: CleanupParts) {
    this.#parts = parts;
  }

  run = (address: RepositoryAddress, id: string) => this.#parts.store.run(address, id);
  runs: Cleanup['runs'] = (address, query) => this.#parts.store.runs(address, query);
  decisions: Cleanup['decisions'] = (address, id, query) => this.#parts.store.decisions(address, id, query);

  async *preview(
    address: RepositoryAddress,
    policies?: CleanupPolicies,
  ): AsyncGenerator<CleanupDecision | CleanupCounts, void, undefined> {
    const target = await this.#parts.store.target(address);
    let counts = NOTHING_CLEANED;
    for await (const batch of this.#batches({ ...target, ...(policies && { policies }) })) {
      const decisions = batch.decided.map((each) => decisionOf(batch.package, each));
      counts = counted(counts, decisions, batch.freedBytes);
      yield* decisions;
    }
    yield counts;
  }

  async start(address: RepositoryAddress, { dryRun, act, draft }: CleanupStart): Promise<Document> {
    const { store, newId } = this.#parts;
    const target = await store.target(address);
    const { id, account } = draft;
    const body = (run: CleanupRun) => draft.body(run);
    const run = await store.begin(
      { target, id: newId(), dryRun, trigger: 'REQUEST', operation: { id, account, body } },
      act,
    );
    if (!run)
      throw new RegistryError('INTERNAL', 'CLEANUP_NOT_BEGUN', 'a cleanup that was asked for did not begin');
    void this.#follow(
      this.#renewed(target, run, { act: deletionAct(target, run, { ...act, id: newId() }), body }),
    );
    return body(run);
  }

  /** The run that the schedule owes a repository; nothing where another process was quicker. */
  async scheduled(target: CleanupTarget, lastBefore: number, act: Act): Promise<CleanupRun | undefined> {
    const { store, newId } = this.#parts;
    const { dryRun } = target;
    const run = await store.begin({ target, id: newId(), dryRun, trigger: 'SCHEDULE', lastBefore });
    if (!run) return undefined;
    await this.#follow(this.#renewed(target, run, { act: deletionAct(target, run, act) }));
    return store.run(target, run.id);
  }

  /** Ends the runs that are on after their step, and waits for that. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  #follow(work: Promise<void>): Promise<void> {
    const followed = work
      .catch((cause: unknown) => {
        if (!isNotFound(cause)) this.#parts.report(cause);
      })
      .finally(() => this.#running.delete(followed));
    this.#running.add(followed);
    return followed;
  }

  /** A run that is long at one step must not be taken for one whose process died. */
  async #renewed(target: CleanupTarget, run: CleanupRun, how: How): Promise<void> {
    let renewal = Promise.resolve();
    const timer = setInterval(() => {
      renewal = this.#parts.store.renew(run.id).catch((cause: unknown) => this.#parts.report(cause));
    }, this.#parts.renewEveryMs ?? RENEW_EVERY_MS);
    try {
      await this.#work(target, run, how);
    } finally {
      clearInterval(timer);
      await renewal;
    }
  }

  async #work(target: CleanupTarget, run: CleanupRun, { act, body }: How): Promise<void> {
    const { store, now, onStep } = this.#parts;
    let step: RunStep = { counts: NOTHING_CLEANED, decisions: [], unlisted: 0 };
    let listed = 0;
    let told = now();
    const after = (batch: Batch, left: ReadonlySet<string>): RunStep => {
      const { decisions, counts } = doneOf(batch, left, step.counts);
      const telling = decisions.filter(({ reason }) => reason !== 'NO_POLICY');
      const listing = telling.slice(0, MOST_LISTED - listed);
      return { counts, decisions: listing, unlisted: step.unlisted + telling.length - listing.length };
    };
    try {
      for await (const batch of this.#batches(target)) {
        if (this.#stopping.signal.aborted) break;
        const versions = run.dryRun ? [] : goingOf(batch);
        if (versions.length > 0) {
          const removal = { repositoryId: target.repositoryId, package: batch.package, versions };
          const reporting = { ...removal, step: (left: readonly string[]) => after(batch, new Set(left)) };
          step = await store.remove(run.id, reporting, { act, ...(body && { body }) });
          told = now();
          onStep?.('cleaned');
        } else {
          step = after(batch, NOTHING_LEFT);
          if (step.decisions.length === 0 && now() - told < TELL_EVERY_MS) continue;
          told = now();
          await store.step(run.id, step, body);
        }
        listed += step.decisions.length;
      }
      const outcome = this.#stopping.signal.aborted ? 'INTERRUPTED' : 'DONE';
      const wasChanged = !run.dryRun && step.counts.deleted > 0;
      const ended = { ...(body && { body }), ...(wasChanged && { act }) };
      await store.end(run.id, { ...step, decisions: [], outcome }, ended);
    } catch (cause) {
      // The record of what was deleted says that it is unfinished, and so it is.
      const message = cause instanceof RegistryError && cause.status < 500 ? cause.message : 'internal error';
      const end = { ...step, decisions: [], outcome: 'FAILED', message } as const;
      await store.end(run.id, end, body ? { body } : {});
      throw cause;
    }
  }

  /** Every version of the repository with what is decided about it, a few at a time, and none in memory twice. */
  async *#batches(target: CleanupTarget): AsyncGenerator<Batch, void, undefined> {
    const { store, pulls, now } = this.#parts;
    await pulls.flush();
    const at = now();
    for await (const packages of store.packages(target.repositoryId))
      for (const { id, package: pkg } of packages) {
        const plan = new PackagePlan(readyPolicies(target.policies, pkg, at));
        for await (const versions of store.versions(id)) for (const version of versions) plan.add(version);
        for await (const holds of store.holds(id)) for (const hold of holds) plan.hold(hold);
        const shared = new Map<number, number>();
        for (const planned of inLots(plan.decisions(), STEP)) yield this.#batch(pkg, planned, shared);
      }
  }

  async #batch(pkg: string, planned: readonly Planned[], shared: Map<number, number>): Promise<Batch> {
    const { store } = this.#parts;
    const because = planned.flatMap((each) => each.because ?? []);
    const found = await store.details([...new Set([...planned.map(({ id }) => id), ...because])]);
    const known = new Map(found.map((detail) => [detail.id, detail]));
    const going = planned.filter(({ verdict }) => verdict.action === 'DELETE').map(({ id }) => id);
    return {
      package: pkg,
      freedBytes: going.length === 0 ? 0 : await store.freedBy(going, shared),
      decided: planned.flatMap((each) => {
        const detail = known.get(each.id);
        const holder = each.because === undefined ? undefined : known.get(each.because);
        return detail ? [{ planned: each, detail, ...(holder && { because: holder.version }) }] : [];
      }),
    };
  }
}

const NOTHING_LEFT: ReadonlySet<string> = new Set();

const goingOf = (batch: Batch): readonly VersionDetail[] =>
  batch.decided.filter(({ planned }) => planned.verdict.action === 'DELETE').map(({ detail }) => detail);

/** What became of a batch of which some versions were `left` since they had changed. */
function doneOf(batch: Batch, left: ReadonlySet<string>, before: CleanupCounts): Done {
  const decisions = batch.decided.map((each): CleanupDecision => {
    const decision = decisionOf(batch.package, each);
    return left.has(decision.version) ? { ...decision, action: 'KEEP', reason: 'CHANGED' } : decision;
  });
  const freedBytes = left.size > 0 && left.size === goingOf(batch).length ? 0 : batch.freedBytes;
  return { decisions, counts: counted(before, decisions, freedBytes) };
}

const decisionOf = (
  pkg: string,
  { planned, detail, because }: Batch['decided'][number],
): CleanupDecision => ({
  package: pkg,
  version: detail.version,
  tags: detail.tags,
  createdAt: detail.createdAt,
  ...(detail.pulledAt !== undefined && { pulledAt: detail.pulledAt }),
  sizeBytes: detail.sizeBytes,
  ...planned.verdict,
  ...(because !== undefined && { because }),
});

function counted(
  before: CleanupCounts,
  decisions: readonly CleanupDecision[],
  freedBytes: number,
): CleanupCounts {
  const deleted = decisions.filter(({ action }) => action === 'DELETE').length;
  const skipped = decisions.filter(({ reason }) => reason === 'CHANGED').length;
  return {
    versions: before.versions + decisions.length,
    deleted: before.deleted + deleted,
    kept: before.kept + decisions.length - deleted - skipped,
    skipped: before.skipped + skipped,
    freedBytes: before.freedBytes + freedBytes,
  };
}

/** Deletions by a policy are what Artifact Registry calls them when its service agent does them. */
const deletionAct = (target: CleanupTarget, run: CleanupRun, act: Act): Act => ({
  ...act,
  type: 'DATA_WRITE',
  method: 'google.devtools.artifactregistry.v1.ArtifactRegistry.BatchDeleteVersions',
  resource: repositoryName(target),
  permission: 'artifactregistry.versions.delete',
  request: { cleanupRun: run.id, trigger: run.trigger },
  lasting: true,
  publishes: true,
});

function* inLots<T>(items: Iterable<T>, size: number): Generator<readonly T[], void, undefined> {
  let lot: T[] = [];
  for (const item of items) {
    lot.push(item);
    if (lot.length < size) continue;
    yield lot;
    lot = [];
  }
  if (lot.length > 0) yield lot;
}
