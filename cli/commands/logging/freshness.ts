import { usage } from '../../exit.ts';

const MILLISECONDS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** An age such as `1d`, `36h` or `1d12h`, in milliseconds. */
export function parseAge(text: string): number {
  if (!/^(?:\d{1,6}[smhdw])+$/.test(text))
    throw usage(`--freshness: [${text}] is not an age such as 30m, 12h or 7d`);
  return [...text.matchAll(/(\d+)([smhdw])/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (MILLISECONDS[unit] ?? 0),
    0,
  );
}

/**
 * The filter, and no entry older than that; a filter that speaks of times itself is left as it is, and so is a list that
 * begins with the oldest entry.
 */
export function fresh(
  filter: string,
  {
    freshness,
    order,
    now,
  }: { readonly freshness: string; readonly order: 'asc' | 'desc'; readonly now: number },
): string {
  const age = parseAge(freshness);
  if (order === 'asc' || /\btimestamp\b/.test(filter)) return filter;
  const since = `timestamp>="${new Date(now - age).toISOString()}"`;
  // Nothing binds looser than AND. On a line of its own, so that a comment at the end of the filter ends there.
  return filter.trim() === '' ? since : `${filter}\nAND ${since}`;
}
