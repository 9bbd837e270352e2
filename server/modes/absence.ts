import { carrying, RegistryError } from '../core/error.ts';
import type { CacheState } from '../core/repo.ts';
import { UPSTREAM_FAILURES } from '../core/upstream.ts';
import { cacheHeaders, failureHeaders } from '../lib/cache-status.ts';
import type { RemoteParts } from './remote-parts.ts';

type Parts = Pick<RemoteParts, 'now' | 'settings'>;

/** That the upstream has no such thing, as it said just now. */
export const absentNow = (absent: RegistryError, { now, settings }: Parts): RegistryError =>
  carrying(
    absent,
    cacheHeaders({ outcome: 'absent', validatedAt: now(), maxAge: settings.notFoundMaxAge }, now()),
  );

/** The same, as it said some time ago. `until` in milliseconds since the epoch: how long that is good. */
export function absentStill(absent: RegistryError, { now, settings }: Parts, until: number): RegistryError {
  const { notFoundMaxAge: maxAge } = settings;
  return carrying(
    absent,
    cacheHeaders({ outcome: 'hit', validatedAt: until - maxAge * 1_000, maxAge }, now()),
  );
}

/** That an index does not list it, which says so as a copy, or just fetched. */
export const absentIn = (absent: RegistryError, index: CacheState, now: number): RegistryError =>
  carrying(absent, cacheHeaders(index, now));

/** Of a failure of the upstream, that it was one: like all that comes of asking it. */
export function withCacheStatus(thrown: unknown): unknown {
  if (!(thrown instanceof RegistryError) || !UPSTREAM_FAILURES.has(thrown.reason)) return thrown;
  return carrying(thrown, failureHeaders(thrown.reason));
}
