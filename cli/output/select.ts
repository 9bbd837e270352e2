import type { Row, Rows } from '../grammar/command.ts';
import type { Globals } from '../grammar/global-flags.ts';
import { parseFilter, type Predicate } from './filter.ts';
import type { Key } from './key.ts';
import { parseOrder, sortRows, type Order } from './order.ts';

interface Selection {
  readonly keep: Predicate | undefined;
  readonly order: readonly Order[];
  readonly limit: number;
}

/** Reads the list flags. Fails on a bad expression before anything is asked of the server. */
export function selection(
  { filter, sortBy, limit }: Pick<Globals, 'filter' | 'sortBy' | 'limit'>,
  aliases: ReadonlyMap<string, Key>,
  otherwise: readonly Order[],
  now: number,
): Selection {
  return {
    keep: filter === undefined || filter.trim() === '' ? undefined : parseFilter(filter, { aliases, now }),
    order: sortBy === undefined ? otherwise : parseOrder(sortBy, aliases),
    limit: limit ?? Number.POSITIVE_INFINITY,
  };
}

/** The rows to show. Stops asking for more once the limit is reached, unless they must be sorted first. */
export async function* select(rows: Rows, { keep, order, limit }: Selection): AsyncGenerator<Row> {
  let left = limit;
  for await (const row of order.length === 0
    ? matching(rows, keep)
    : sortRows(await gather(rows, keep), order)) {
    yield row;
    left -= 1;
    if (left <= 0) return;
  }
}

const gather = (rows: Rows, keep: Predicate | undefined): Promise<readonly Row[]> =>
  Array.fromAsync(matching(rows, keep));

async function* matching(rows: Rows, keep: Predicate | undefined): AsyncGenerator<Row> {
  for await (const row of rows) if (keep === undefined || keep(row)) yield row;
}
