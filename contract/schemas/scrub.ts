import * as z from 'zod/mini';
import { type Answer, choice, flag, int64, maybe, message, text, timestamp } from '../proto-json.ts';

const pass = {
  startTime: maybe(timestamp()),
  blobs: maybe(int64()),
  sizeBytes: maybe(int64()),
};

export const scrubStatus = message({
  /** Whether passes begin by themselves. */
  scheduled: maybe(flag()),
  bytesPerSecond: maybe(int64()),
  /** Of everything that is stored. */
  blobs: maybe(int64()),
  sizeBytes: maybe(int64()),
  /** When a pass was last asked for. */
  requestTime: maybe(timestamp()),
  /** The one under way, and how much it has read. */
  pass: maybe(message({ ...pass, cursor: maybe(text()), hurried: maybe(flag()) })),
  lastPass: maybe(message({ ...pass, endTime: maybe(timestamp()) })),
  damagedBlobs: maybe(int64()),
  /** Some of them, where there are many. */
  damaged: maybe(
    z.array(
      message({
        digest: maybe(text()),
        sizeBytes: maybe(int64()),
        damage: maybe(choice('Damage', { DAMAGE_UNSPECIFIED: 0, CORRUPT: 1, MISSING: 2 })),
        repositories: maybe(z.array(text())),
      }),
    ),
  ),
});
export type ScrubStatus = Answer<typeof scrubStatus>;
