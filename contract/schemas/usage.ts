import * as z from 'zod/mini';
import { type Answer, int64, maybe, message, text } from '../proto-json.ts';
import { quota } from './quota.ts';

/** What something holds. */
export const usage = message({
  /** The resource's name; absent for the whole installation. */
  name: maybe(text()),
  /** Bytes of distinct contents. */
  sizeBytes: maybe(int64()),
  /** Of these, what others below the same parent have too, and what they have not. Absent in the parent's own line. */
  sharedBytes: maybe(int64()),
  uniqueBytes: maybe(int64()),
  versionCount: maybe(int64()),
  quota: maybe(quota),
});
export type Usage = Answer<typeof usage>;

/** What something holds in all, where what its parts share counts once, and a page of its parts. */
export const usageReport = message({
  total: maybe(usage),
  parts: maybe(z.array(usage)),
  nextPageToken: maybe(text()),
});
export type UsageReport = Answer<typeof usageReport>;

const counted = message({ sizeBytes: maybe(int64()), versionCount: maybe(int64()) });

export const recountUsageResponse = message({
  corrections: maybe(
    z.array(message({ place: maybe(text()), before: maybe(counted), after: maybe(counted) })),
  ),
});
export type RecountUsageResponse = Answer<typeof recountUsageResponse>;
