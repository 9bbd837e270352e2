import type { Io } from '../../io.ts';

const CELLS = 30;

interface CountBar {
  show(count: number, total: number): void;
  /** Leaves the finished bar on its line. */
  end(count: number, total: number): Promise<void>;
}

/** A bar of things that are done, drawn over itself. Give it a terminal. */
export function countBar({ stderr }: Pick<Io, 'stderr'>, label: string): CountBar {
  let drawn = Promise.resolve();
  const show = (count: number, total: number): void => {
    const full = Math.floor((count / Math.max(total, 1)) * CELLS);
    const bar = '#'.repeat(full) + '.'.repeat(CELLS - full);
    drawn = drawn.then(() => stderr.write(`\r${label}  [${bar}] ${count} of ${total}`));
  };
  return {
    show,
    async end(count, total) {
      show(count, total);
      await drawn;
      await stderr.write('\n');
    },
  };
}
