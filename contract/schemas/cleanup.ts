import * as z from 'zod/mini';
import {
  type Answer,
  choice,
  duration,
  flag,
  int32,
  int64,
  maybe,
  message,
  text,
  timestamp,
} from '../proto-json.ts';

const TYPE = 'type.googleapis.com/google.devtools.artifactregistry.v1.CleanupPolicy';

export const cleanupPolicy = message({
  id: maybe(text()),
  action: maybe(choice(`${TYPE}.Action`, { ACTION_UNSPECIFIED: 0, DELETE: 1, KEEP: 2 })),
  condition: maybe(
    message({
      tagState: maybe(
        choice('type.googleapis.com/google.devtools.artifactregistry.v1.CleanupPolicyCondition.TagState', {
          TAG_STATE_UNSPECIFIED: 0,
          TAGGED: 1,
          UNTAGGED: 2,
          ANY: 3,
        }),
      ),
      tagPrefixes: maybe(z.array(text())),
      versionNamePrefixes: maybe(z.array(text())),
      packageNamePrefixes: maybe(z.array(text())),
      olderThan: maybe(duration()),
      newerThan: maybe(duration()),
      /** Beyond Artifact Registry: since the last pull, or the upload of what never was pulled. */
      notPulledFor: maybe(duration()),
      pulledWithin: maybe(duration()),
    }),
  ),
  mostRecentVersions: maybe(
    message({ packageNamePrefixes: maybe(z.array(text())), keepCount: maybe(int32()) }),
  ),
});
export type CleanupPolicy = Answer<typeof cleanupPolicy>;

export const previewCleanupRequest = message({
  cleanupPolicies: maybe(z.record(z.string(), cleanupPolicy)),
});
export const runCleanupRequest = message({ dryRun: maybe(flag()) });

/** Counts of versions; what is deleted would be, in a dry run or a preview. */
const counts = {
  versionCount: maybe(int64()),
  deletedCount: maybe(int64()),
  keptCount: maybe(int64()),
  skippedCount: maybe(int64()),
  /** An estimate: bytes that nothing else in the repository needs. */
  freedBytes: maybe(int64()),
};

export const cleanupRun = message({
  name: maybe(text()),
  trigger: maybe(text()),
  dryRun: maybe(flag()),
  outcome: maybe(text()),
  message: maybe(text()),
  startTime: maybe(timestamp()),
  endTime: maybe(timestamp()),
  ...counts,
  /** Decisions that were made and are not kept. */
  unlistedCount: maybe(int64()),
});
export type CleanupRun = Answer<typeof cleanupRun>;

export const cleanupDecision = message({
  /** The version's resource name. */
  version: maybe(text()),
  tags: maybe(z.array(text())),
  createTime: maybe(timestamp()),
  /** To the hour; absent where it was never pulled. */
  lastPullTime: maybe(timestamp()),
  sizeBytes: maybe(int64()),
  action: maybe(text()),
  /** `KEEP_POLICY`, `DELETE_POLICY`, `PART_OF`, `REFERS_TO`, `IMMUTABLE_TAG`, `NO_POLICY`, `CHANGED`. */
  reason: maybe(text()),
  /** The policy that decided. */
  policy: maybe(text()),
  /** Resource name of the version that it belongs to, where that decided. */
  because: maybe(text()),
});
export type CleanupDecision = Answer<typeof cleanupDecision>;

const summary = message(counts);
export type CleanupSummary = Answer<typeof summary>;

/** A line of a preview: one decision, or at the end what they come to. */
export type CleanupPreviewLine =
  | { readonly decision: CleanupDecision }
  | { readonly summary: CleanupSummary };
