import type { Digest } from './blob.ts';

/** What an upstream said last of something that is copied from it. */
export interface CopyState {
  readonly etag?: string;
  readonly lastModified?: string;
  /** When it said that this is what it has, in milliseconds since the epoch. */
  readonly validatedAt: number;
}

/** What a file of an upstream was when it was first seen here. */
export interface FirstSeen {
  /** Absent where it was seen to be there, and not fetched. */
  readonly digest?: Digest;
  /** Milliseconds since the epoch: when the upstream says that it was published, else when it was seen. */
  readonly at: number;
}

/** What is noted of a file with the transaction that names its copy. */
export interface Sighting {
  /** As it was asked for. */
  readonly path: string;
  /** What it is remembered by that the path means these bytes, where it may come to mean others. */
  readonly meaning?: string;
  readonly seen: FirstSeen;
  readonly state: CopyState;
}

/** What is known of copies beyond the copies themselves, in a repository. */
export interface CopyStore {
  /** The same object each time, until something is committed. `what` is `file PATH` or `index KIND KEY`. */
  state(repositoryId: number, what: string): CopyState | undefined;
  validated(repositoryId: number, what: string, state: CopyState): Promise<void>;
  firstSeen(repositoryId: number, path: string): FirstSeen | undefined;
  /** Notes what a file is, unless it was seen before; answers what it was then. */
  see(repositoryId: number, path: string, seen: FirstSeen): Promise<FirstSeen>;
  /** Another value after every purge, in whichever process. */
  purges(repositoryId: number): string;
}
