import type { Io } from '../io.ts';

const CELLS = 30;
/** Milliseconds between two drawings. */
const PAUSE = 100;

export interface ProgressBar {
  show(bytes: number, total: number): void;
  /** Leaves the finished bar on its line. */
  end(): Promise<void>;
}

/** A bar that is drawn over itself. Give it a terminal. */
export function progressBar({ stderr, now }: Pick<Io, 'stderr' | 'now'>, label: string): ProgressBar {
  const started = now();
  let drawnAt = Number.NEGATIVE_INFINITY;
  let drawn = Promise.resolve();
  const draw = (bytes: number, total: number): void => {
    drawn = drawn.then(() => stderr.write(`\r${barLine(label, bytes, total, now() - started)}`));
  };
  return {
    show(bytes, total) {
      if (now() - drawnAt < PAUSE && bytes < total) return;
      drawnAt = now();
      draw(bytes, total);
    },
    async end() {
      await drawn;
      await stderr.write('\n');
    },
  };
}

/** `app.tar  [###...]  42%  12.0 of 28.6 MiB  8.1 MiB/s` */
export function barLine(label: string, bytes: number, total: number, milliseconds: number): string {
  const share = total === 0 ? 1 : bytes / total;
  const full = Math.floor(share * CELLS);
  const bar = '#'.repeat(full) + '.'.repeat(CELLS - full);
  const rate = milliseconds === 0 ? 0 : bytes / (milliseconds / 1000);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  return `${label}  [${bar}] ${percent}  ${mib(bytes)} of ${mib(total)} MiB  ${mib(rate)} MiB/s`;
}

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
