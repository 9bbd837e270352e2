import type { Act } from '../core/audit.ts';
import type { CleanupStore, CleanupTarget } from '../core/cleanup-store.ts';
import type { CheckedClock } from '../core/clock.ts';
import { repositoryName } from '../core/repository.ts';
import type { PolicyCleanup } from './cleanup.ts';

/** How long after a change of a repository nothing is deleted by the schedule, so that a slip can be taken back. */
const GRACE_MS = 3_600_000;
const LOOK_EVERY_MS = 300_000;

export interface CleanupScheduleParts {
  readonly cleanup: Pick<PolicyCleanup, 'scheduled'>;
  readonly store: Pick<CleanupStore, 'due'>;
  /** Milliseconds between two runs of a repository; 0 for none. */
  readonly interval: number;
  /** What e-mails of service agents end in. */
  readonly serviceAccountDomain: string;
  readonly clock: CheckedClock;
  readonly report: (cause: unknown) => void;
  readonly now: () => number;
  readonly newId: () => string;
}

/** Applies the policies of every repository once in an interval; which was when is in the database. */
export class CleanupSchedule {
  readonly #parts: CleanupScheduleParts;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #looking = false;
  #stopped = false;

  constructor(parts: CleanupScheduleParts) {
    this.#parts = parts;
    if (parts.interval === 0) return;
    this.#timer = setInterval(
      () => {
        this.look().catch((cause: unknown) => parts.report(cause));
      },
      Math.min(parts.interval, LOOK_EVERY_MS),
    );
    this.#timer.unref();
  }

  /** Runs whatever is due, one repository after another; nothing while it is not known what time it is. */
  async look(): Promise<void> {
    if (this.#looking || this.#stopped) return;
    this.#looking = true;
    try {
      const { store, cleanup, interval, clock } = this.#parts;
      const now = clock.time();
      if (now === undefined) return;
      const lastBefore = now - interval;
      for (const target of await store.due(lastBefore, now - Math.min(interval, GRACE_MS))) {
        if (this.#stopped) return;
        await cleanup.scheduled(target, lastBefore, this.#actOn(target));
      }
    } finally {
      this.#looking = false;
    }
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  /** Artifact Registry's service agent of the project does these (cloud.google.com/iam/docs/service-agents). */
  #actOn(target: CleanupTarget): Act {
    const { now, newId, serviceAccountDomain } = this.#parts;
    const agent = `service-${target.projectNumber}@gcp-sa-artifactregistry.${serviceAccountDomain}`;
    return {
      id: newId(),
      at: now(),
      actor: { member: `serviceAccount:${agent}`, peer: '' },
      type: 'DATA_WRITE',
      service: 'artifactregistry.googleapis.com',
      method: '',
      resource: repositoryName(target),
      project: target.project,
    };
  }
}
