import type { GarbageShare } from '../../core/garbage.ts';

/** So few rows that they hardly take long even where each of them has to come from the disk. */
export const FEW = 8;

/**
 * Takes a transaction's rows a few at a time, then more, until its time is over. The first few are always taken, so that it gets
 * somewhere.
 */
export function* lotsInTime<T>(
  rows: readonly T[],
  { elapsed, budgetMs }: Pick<GarbageShare, 'elapsed' | 'budgetMs'>,
  first = FEW,
): Generator<readonly T[], void, undefined> {
  const end = elapsed() + budgetMs;
  for (let [from, size] = [0, first]; from < rows.length; from += size, size *= 3) {
    if (from > 0 && elapsed() >= end) return;
    yield rows.slice(from, from + size);
  }
}
