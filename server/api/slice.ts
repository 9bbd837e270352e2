import type { Listed, ListQuery } from '../core/resources.ts';

/** A page of what is in memory, in byte order of its keys. */
export function slice<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  { limit, after }: Pick<ListQuery, 'limit' | 'after'>,
): Listed<T> {
  const from = after === undefined ? '' : String(after[0]);
  const rest = all
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => key > from)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const rows = rest.slice(0, limit);
  const last = rows.at(-1);
  return {
    rows: rows.map(({ item }) => item),
    ...(rest.length > limit && last && { next: [last.key] }),
  };
}
