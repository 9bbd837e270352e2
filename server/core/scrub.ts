import type { BlobInfo } from './blob.ts';

/** `corrupt`: the object holds other bytes than its digest says. `missing`: there is none. */
export type Damage = 'corrupt' | 'missing';

/** What is held to its digest: a blob that is served, or one whose object was missing and may have come back. */
export interface ScrubCandidate extends BlobInfo {
  readonly lost: boolean;
}

/** One time through all blobs, in the order of their digests. */
export interface ScrubPass {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly blobs: number;
  readonly bytes: number;
}

export interface ScrubPosition extends ScrubPass {
  /** The last digest that was looked at; empty at the start. */
  readonly cursor: string;
  /** Whether somebody waits for this pass, so it is not slowed down. */
  readonly hurried: boolean;
}

export interface DamagedBlob {
  readonly digest: string;
  readonly size: number;
  readonly damage: Damage;
  /** `projects/P/locations/L/repositories/R`; some of them, where there are many. */
  readonly repositories: readonly string[];
}

export interface ScrubState {
  /** Absent while none is under way. */
  readonly pass?: ScrubPosition;
  readonly lastPass?: ScrubPass & { readonly endedAt: number };
  /** When somebody last asked for a pass; 0 when nobody did. */
  readonly requestedAt: number;
  /** Of all blobs there are now. */
  readonly stored: { readonly blobs: number; readonly bytes: number };
  readonly damagedBlobs: number;
}

/** The scrub's side of the metadata. A lease lets one process at a time work; it ends by itself when that one dies. */
export interface ScrubTables {
  state(): Promise<ScrubState>;
  damaged(limit: number): Promise<readonly DamagedBlob[]>;
  /**
   * Takes the lease until then, and begins a pass where none is under way or one was asked for since. Nothing when
   * another process has it.
   */
  claim(owner: string, now: number, until: number): Promise<ScrubPosition | undefined>;
  next(after: string, limit: number): Promise<readonly ScrubCandidate[]>;
  /** Keeps how far it is. False when the lease is another's, or another pass was asked for. */
  save(owner: string, position: ScrubPosition, until: number): Promise<boolean>;
  /** Lets go of the lease; the next one goes on from what was saved. */
  release(owner: string): Promise<void>;
  finish(owner: string, position: ScrubPosition, now: number): Promise<void>;
  /** Has it not served any more. False when it is not served, or was replaced meanwhile. */
  markDamaged(blob: BlobInfo, damage: Damage): Promise<boolean>;
  /** Serves one again whose object came back. */
  markSound(blob: BlobInfo): Promise<boolean>;
}

/** The management API's side of it. */
export interface ScrubResources {
  state(): Promise<ScrubState>;
  damaged(limit: number): Promise<readonly DamagedBlob[]>;
  /** Asks for a pass over everything, at once and at full speed; answers when that was, in milliseconds. */
  request(): Promise<number>;
}

/** The scrub of this process, to whoever answers for it. */
export interface ScrubWork {
  /** Looks at once whether there is something to do. */
  wake(): void;
  /** Bytes per second that a pass of its own accord reads at most. */
  readonly rate: number;
  /** Whether it works by itself, or only on request. */
  readonly scheduled: boolean;
}
