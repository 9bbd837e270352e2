import type { CheckedClock, ClockRecord } from '../core/clock.ts';

interface ClockWatchOptions {
  /** The wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonic: () => number;
  /** How long nothing is believed after a jump. */
  readonly pauseMs: number;
  readonly record: ClockRecord;
}

/** More than a clock is corrected by while it runs. */
const TOLERANCE_MS = 30_000;
/** How far behind the record may be. */
const STAMPED_MS = 10_000;

/**
 * Notices that the wall clock was set. Leases and graces are times of day, so after a jump they may look over though
 * nobody had the time they promise; whoever holds one gets the pause to renew it. A server that was down for longer than
 * the pause cannot tell a jump from the time it missed, in which nobody could renew anything either: it pauses too.
 */
export class ClockWatch implements CheckedClock {
  readonly #options: ClockWatchOptions;
  #seen: { readonly wall: number; readonly steady: number };
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #stampedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ClockWatchOptions) {
    this.#options = options;
    const [wall, steady] = [options.now(), options.monotonic()];
    this.#seen = { wall, steady };
    this.#resume(wall, steady);
  }

  time(): number | undefined {
    const { now, monotonic } = this.#options;
    const [wall, steady] = [now(), monotonic()];
    const drift = wall - this.#seen.wall - (steady - this.#seen.steady);
    if (Math.abs(drift) > TOLERANCE_MS) this.#pause(steady);
    this.#seen = { wall, steady };
    const paused = steady < this.#pausedUntil;
    if (steady - this.#stampedAt >= STAMPED_MS) {
      this.#stampedAt = steady;
      this.#options.record.write({
        seenAt: wall,
        pausedUntil: paused ? wall + (this.#pausedUntil - steady) : 0,
      });
    }
    return paused ? undefined : wall;
  }

  #pause(steady: number): void {
    this.#pausedUntil = steady + this.#options.pauseMs;
    this.#stampedAt = Number.NEGATIVE_INFINITY;
  }

  /** Goes on with what the server knew when it was last up. */
  #resume(wall: number, steady: number): void {
    const { record, pauseMs } = this.#options;
    const stamp = record.read();
    if (!stamp) return;
    const away = wall - stamp.seenAt;
    if (away < -TOLERANCE_MS || away > Math.max(pauseMs, TOLERANCE_MS)) this.#pause(steady);
    else if (stamp.pausedUntil > wall)
      this.#pausedUntil = steady + Math.min(stamp.pausedUntil - wall, pauseMs);
  }
}
