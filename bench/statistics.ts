/** What one measure of one server came to over the rounds that counted. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('no values to take a median of');
  return (lower + upper) / 2;
}

export function summarize(values: readonly number[]): Summary {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * `of` divided by `to`, round by round. The two servers of one round ran within seconds of each other, so what
 * the rest of the machine did falls out of the quotient; the quotient of two medians would keep it.
 */
export function pairedRatios(of: readonly number[], to: readonly number[]): readonly number[] {
  if (of.length !== to.length) throw new RangeError(`${of.length} rounds against ${to.length}`);
  return of.map((value, round) => value / (to[round] ?? Number.NaN));
}
