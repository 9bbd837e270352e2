import * as z from 'zod/mini';
import { type Answer, choice, flag, int32, maybe, message, text, timestamp } from '../proto-json.ts';

/** All of it without either. */
export const purgeCacheRequest = message({ package: maybe(text()), path: maybe(text()) });
export type PurgeCacheRequest = Answer<typeof purgeCacheRequest>;

export const purgeCacheResponse = message({ fileCount: maybe(int32()), indexCount: maybe(int32()) });
export type PurgeCacheResponse = Answer<typeof purgeCacheResponse>;

/** How the process that answers finds the upstream. */
export const upstreamStatus = message({
  /** `OPEN`: left alone until `retryTime`. `HALF_OPEN`: one request finds out. */
  circuit: maybe(
    choice('type.googleapis.com/entrepot.v1.UpstreamStatus.Circuit', {
      CIRCUIT_UNSPECIFIED: 0,
      CLOSED: 1,
      OPEN: 2,
      HALF_OPEN: 3,
    }),
  ),
  retryTime: maybe(timestamp()),
  /** Since it last answered. */
  failureCount: maybe(int32()),
  lastFailureTime: maybe(timestamp()),
  lastFailureMessage: maybe(text()),
  lastSuccessTime: maybe(timestamp()),
});
export type UpstreamStatus = Answer<typeof upstreamStatus>;

/** As users write them: `library/nginx:1.27`, `left-pad@1.3.0`. */
export const prefetchRequest = message({ artifacts: maybe(z.array(text())) });
export type PrefetchRequest = Answer<typeof prefetchRequest>;

/** The operation's metadata, which goes on, and its response, which is the last of them. */
export const prefetchReport = message({
  '@type': maybe(text()),
  totalCount: maybe(int32()),
  fetchedCount: maybe(int32()),
  presentCount: maybe(int32()),
  failedCount: maybe(int32()),
  /** The first of them, with reasons. */
  failures: maybe(z.array(message({ artifact: maybe(text()), message: maybe(text()) }))),
  /** Whether it is given up, since the server stopped before it was done as often as it was begun. */
  interrupted: maybe(flag()),
});
export type PrefetchReport = Answer<typeof prefetchReport>;
