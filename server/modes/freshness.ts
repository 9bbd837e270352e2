import type { CopyState } from '../core/copies.ts';
import { isNotFound, RegistryError } from '../core/error.ts';
import type { CacheState } from '../core/repo.ts';
import { detailOf } from '../lib/cache-status.ts';
import { inTime } from '../lib/in-time.ts';
import { isQuotaExceeded } from '../lib/quota-exceeded.ts';

/** How long copies are good, and how they stand now. */
export interface Freshness {
  /** Whether there is a copy at all. */
  readonly held: boolean;
  /** What the upstream said of it last. */
  readonly state: CopyState | undefined;
  /** Seconds for which it is good without asking. */
  readonly maxAge: number;
  /** Seconds past that for which it is answered at once while the upstream is asked. */
  readonly staleWhileRevalidate: number;
  /** Milliseconds for which the upstream's answer is waited for by who has a copy. */
  readonly patienceMs: number;
  readonly now: () => number;
  /** Told of a failure that nobody waits for. */
  readonly unnoticed?: (cause: unknown) => void;
}

/** `revalidated`: the copy still holds. `miss`: there is a new one. */
export type Answered = 'revalidated' | 'miss';

/**
 * Says how a copy may be answered, after having the upstream asked where it must be. NOT_FOUND, or the upstream's failure, only
 * where there is no copy: one that is there is better than none, whatever the upstream does, or the disk that is full.
 */
export async function freshen(copy: Freshness, ask: () => Promise<Answered>): Promise<CacheState> {
  const { held, state, maxAge, staleWhileRevalidate, now } = copy;
  const age = state && held ? (now() - state.validatedAt) / 1_000 : Number.POSITIVE_INFINITY;
  const stale = (detail: string): CacheState => ({
    outcome: 'stale',
    validatedAt: state?.validatedAt ?? now(),
    maxAge,
    detail,
  });
  if (state && age < maxAge) return { outcome: 'hit', validatedAt: state.validatedAt, maxAge };
  if (age < maxAge + staleWhileRevalidate) {
    ask().catch((cause: unknown) => copy.unnoticed?.(cause));
    return stale('revalidating');
  }
  try {
    const asking = ask();
    const outcome = held ? await inTime(asking, copy.patienceMs) : await asking;
    if (outcome !== 'late') return { outcome, validatedAt: now(), maxAge };
    // It goes on behind the answer.
    asking.catch((cause: unknown) => copy.unnoticed?.(cause));
    return stale('upstream-slow');
  } catch (thrown) {
    // What the upstream has is known to be another by now.
    if (isQuotaExceeded(thrown)) throw thrown;
    const error = broken(thrown);
    if (!held || !(error instanceof RegistryError) || error.code === 'INTERNAL') throw error;
    return stale(isNotFound(error) ? 'upstream-gone' : detailOf(error.reason));
  }
}

const WRONG_BYTES = new Set(['DIGEST_INVALID', 'SIZE_INVALID', 'SIZE_LIMIT']);

/** What an upstream sent and cannot be meant is its failure, not the client's. */
export function broken(thrown: unknown): unknown {
  if (!(thrown instanceof RegistryError)) return thrown;
  if (thrown.code !== 'DATA_LOSS' && !WRONG_BYTES.has(thrown.reason)) return thrown;
  const { message, details } = thrown;
  return new RegistryError(
    'UNAVAILABLE',
    'UPSTREAM_BROKEN',
    `the upstream's answer cannot be used: ${message}`,
    {
      details,
      cause: thrown,
    },
  );
}
