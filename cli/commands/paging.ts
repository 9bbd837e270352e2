import { ApiError } from '../../contract/api-error.ts';
import type { ListOptions } from '../../contract/client.ts';
import type { Cli } from '../context.ts';
import type { Row } from '../grammar/command.ts';
import { select, selection } from '../output/select.ts';

const LARGEST_PAGE = 1000;

/** How many rows to ask for at a time: what --page-size says, else as many as --limit needs, else the most there are. */
export function bySize({ globals, pushed }: Cli): { readonly pageSize: number } {
  const { pageSize, limit, filter, sortBy } = globals;
  const needsAll = filter !== pushed.filter || (sortBy !== undefined && pushed.orderBy === undefined);
  return {
    pageSize: Math.min(pageSize ?? (needsAll ? LARGEST_PAGE : (limit ?? LARGEST_PAGE)), LARGEST_PAGE),
  };
}

/**
 * Lists with the filter and the order done by the server where it can, for commands with `serverFilters` and
 * `serverOrders`. Where it declines, everything is listed, filtered and sorted here.
 */
export async function* listed<T extends Row>(
  cli: Cli,
  list: (options: ListOptions) => AsyncIterable<T>,
): AsyncGenerator<Row> {
  const { pushed, globals, io } = cli;
  try {
    yield* list({ ...bySize(cli), ...pushed });
  } catch (thrown) {
    const asked = pushed.filter !== undefined || pushed.orderBy !== undefined;
    if (!asked || !(thrown instanceof ApiError) || thrown.code !== 'INVALID_ARGUMENT') throw thrown;
    const here = {
      filter: pushed.filter,
      sortBy: pushed.orderBy === undefined ? undefined : globals.sortBy,
      limit: undefined,
    };
    yield* select(list({ pageSize: LARGEST_PAGE }), selection(here, new Map(), [], io.now()));
  }
}
