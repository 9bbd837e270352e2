/** What is known of the clock from one start of the server to the next. */
export interface ClockStamp {
  /** The time of day when the clock was last read, in milliseconds since the epoch. */
  readonly seenAt: number;
  /** Until when, by the same clock, it is not believed. */
  readonly pausedUntil: number;
}

export interface ClockRecord {
  /** Nothing before the first. */
  read(): ClockStamp | undefined;
  write(stamp: ClockStamp): void;
}

/** A clock for work that deletes what has had its time. */
export interface CheckedClock {
  /** The time of day in milliseconds since the epoch; nothing while it is not to be believed. */
  time(): number | undefined;
}
