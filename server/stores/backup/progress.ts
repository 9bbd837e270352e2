/** How far a long run has come. */
export interface Progress {
  /** Bytes there are to do, once that is known. */
  total(bytes: number): void;
  /** Bytes done since the last call. */
  done(bytes: number): void;
}

export const UNWATCHED: Progress = { total: () => undefined, done: () => undefined };
