import { ApiError } from '../../contract/api-error.ts';
import type { ListOptions } from '../../contract/client.ts';
import type { Cli } from '../context.ts';
import type { Row } from '../grammar/command.ts';
import { forServer, parseFilter } from '../output/filter.ts';

const LARGEST_PAGE = 1000;

/** How many rows to ask for at a time: what --page-size says, else as many as --limit needs, else the most there are. */
export function bySize({ globals: { pageSize, limit, filter, sortBy } }: Cli): { readonly pageSize: number } {
  const enough = filter === undefined && sortBy === undefined ? limit : undefined;
  return { pageSize: Math.min(pageSize ?? enough ?? LARGEST_PAGE, LARGEST_PAGE) };
}

/**
 * Lists with the filter done by the server where it can. Where it declines, everything is listed and filtered here.
 * For commands with `serverFilters`, whose rows are not filtered again.
 */
export async function* filtered<T extends Row>(
  cli: Cli,
  list: (options: ListOptions) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const { filter } = cli.globals;
  const options = bySize(cli);
  if (filter === undefined || !forServer(filter)) {
    yield* list(options);
    return;
  }
  try {
    yield* list({ ...options, filter });
  } catch (thrown) {
    if (!(thrown instanceof ApiError) || thrown.code !== 'INVALID_ARGUMENT') throw thrown;
    const keep = parseFilter(filter, { aliases: new Map(), now: cli.io.now() });
    for await (const row of list(options)) if (keep(row)) yield row;
  }
}
