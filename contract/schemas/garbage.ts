import * as z from 'zod/mini';
import { type Answer, flag, int32, int64, maybe, message, text, timestamp } from '../proto-json.ts';

const tally = message({ blobs: maybe(int64()), sizeBytes: maybe(int64()) });

export const garbageRun = message({
  /** None for a dry run, of which nothing is kept. */
  id: maybe(text()),
  dryRun: maybe(flag()),
  forced: maybe(flag()),
  requestTime: maybe(timestamp()),
  startTime: maybe(timestamp()),
  /** Absent until it is over. */
  endTime: maybe(timestamp()),
  /** Deleted versions that had been in the trash for long enough. */
  versionsPurged: maybe(int64()),
  /** Uploaded files whose lease is over and that nothing needs. */
  filesRemoved: maybe(int64()),
  /** Contents that nothing names any more, to be deleted later. */
  condemned: maybe(tally),
  freed: maybe(tally),
  /** Objects that are in no table, set aside. */
  quarantined: maybe(tally),
  /** Objects that had been set aside for long enough, deleted. */
  purged: maybe(tally),
  /** Objects that could not be deleted and are tried again. */
  failures: maybe(int64()),
  /** Why it did not do all of it. */
  refusal: maybe(text()),
  error: maybe(text()),
});
export type GarbageRun = Answer<typeof garbageRun>;

export const runGarbageCollectionRequest = message({
  /** Says what would be done, and does nothing. */
  dryRun: maybe(flag()),
  /** Also deletes an implausible share, and does not wait after the clock was set. */
  force: maybe(flag()),
});

export const garbageCollection = message({
  /** Whether it works by itself, or only on request. */
  scheduled: maybe(flag()),
  /** Whether the process that was asked is at it. */
  running: maybe(flag()),
  /** Things that wait to be looked at. */
  waiting: maybe(message({ files: maybe(int64()), blobs: maybe(int64()) })),
  stored: maybe(tally),
  condemned: maybe(tally),
  deleting: maybe(tally),
  /** Since the installation was made. */
  freed: maybe(tally),
  quarantined: maybe(tally),
  /** The last one that was asked for or that did something. */
  lastRun: maybe(garbageRun),
});
export type GarbageCollection = Answer<typeof garbageCollection>;

export const blobExplanation = message({
  digest: maybe(text()),
  /** The answer in a sentence. */
  summary: maybe(text()),
  /** `LIVE`, `CONDEMNED`, `DELETING`, `CORRUPT`, `MISSING`; absent for what is not stored. */
  state: maybe(text()),
  sizeBytes: maybe(int64()),
  createTime: maybe(timestamp()),
  /** Some of them, where there are many. */
  references: maybe(
    z.array(
      message({
        repository: maybe(text()),
        package: maybe(text()),
        file: maybe(text()),
        versions: maybe(z.array(text())),
        leaseExpireTime: maybe(timestamp()),
        /** Until when the versions, which were deleted, can be restored. */
        purgeTime: maybe(timestamp()),
      }),
    ),
  ),
  /** When it is looked at next, and why. */
  review: maybe(message({ reason: maybe(text()), dueTime: maybe(timestamp()), attempts: maybe(int32()) })),
  /** When it was last freed, as far as that is remembered. */
  freed: maybe(message({ time: maybe(timestamp()), sizeBytes: maybe(int64()), run: maybe(text()) })),
});
export type BlobExplanation = Answer<typeof blobExplanation>;
