/** Why a version goes with another, or stays though something that it belongs to goes. */
export interface CascadeLine {
  readonly version: string;
  readonly reason: 'REQUESTED' | 'PART_OF' | 'REFERS_TO' | 'TAGGED' | 'IMMUTABLE_TAG';
  /** What it is a part of, or refers to. */
  readonly because?: string;
  readonly tags: readonly string[];
}

/** What the deletion of a version takes along, and what it leaves. */
export interface Cascade {
  /** What was asked for first, holders before what they hold. */
  readonly deleted: readonly CascadeLine[];
  readonly kept: readonly CascadeLine[];
}
