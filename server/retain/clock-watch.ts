interface ClockWatchOptions {
  /** The wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonic: () => number;
  /** How long nothing is believed after a jump. */
  readonly pauseMs: number;
}

/** More than a clock is corrected by while it runs. */
const TOLERANCE_MS = 30_000;

/**
 * Notices that the wall clock was set. Leases and graces are times of day, so after a jump they may look over though
 * nobody had the time they promise; whoever holds one gets the pause to renew it.
 */
export class ClockWatch {
  readonly #options: ClockWatchOptions;
  #seen: { readonly wall: number; readonly steady: number } | undefined;
  #pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(options: ClockWatchOptions) {
    this.#options = options;
  }

  /** Whether times of day are not to be believed yet. */
  paused(): boolean {
    const { now, monotonic, pauseMs } = this.#options;
    const [wall, steady] = [now(), monotonic()];
    const drift = this.#seen === undefined ? 0 : wall - this.#seen.wall - (steady - this.#seen.steady);
    this.#seen = { wall, steady };
    if (Math.abs(drift) > TOLERANCE_MS) this.#pausedUntil = steady + pauseMs;
    return steady < this.#pausedUntil;
  }
}
