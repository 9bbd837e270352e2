import type { Cli } from '../../context.ts';

/** Milliseconds between two drawings. */
const PAUSE = 200;

export interface EntryCounter {
  readonly total: number;
  /** Lines that were written. */
  add(lines: string): void;
  end(): Promise<void>;
}

/** Counts entries, on one line of a terminal that is drawn over itself. */
export function entryCounter({ io, terminal }: Cli): EntryCounter {
  let total = 0;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let drawn: Promise<void> | undefined;
  const draw = (): void => {
    drawn = (drawn ?? Promise.resolve()).then(() => io.stderr.write(`\r${total} entries`));
  };
  return {
    get total() {
      return total;
    },
    add(lines) {
      total += lines.split('\n').length - 1;
      if (!terminal.showsProgress || io.now() - drawnAt < PAUSE) return;
      drawnAt = io.now();
      draw();
    },
    async end() {
      if (drawn === undefined) return;
      draw();
      await drawn;
      await io.stderr.write('\n');
    },
  };
}
