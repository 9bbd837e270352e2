import type { Command } from '../grammar/command.ts';
import type { Globals } from '../grammar/global-flags.ts';
import { forServer } from './filter.ts';
import { columnAliases, parseFormat } from './format-spec.ts';
import { parseOrder } from './order.ts';

/** The part of --filter and --sort-by that the server does, so that it is not done again here. */
export interface PushedDown {
  readonly filter?: string;
  /** In the server's words: a field, optionally followed by ` desc`. */
  readonly orderBy?: string;
}

export function pushedDown(
  { serverFilters, serverOrders = [], format }: Pick<Command, 'serverFilters' | 'serverOrders' | 'format'>,
  { filter, sortBy }: Pick<Globals, 'filter' | 'sortBy'>,
): PushedDown {
  const orderBy =
    sortBy === undefined || serverOrders.length === 0 ? undefined : serverOrder(sortBy, serverOrders, format);
  return {
    ...(serverFilters && filter !== undefined && forServer(filter) ? { filter } : {}),
    ...(orderBy === undefined ? {} : { orderBy }),
  };
}

/** One field as it is, which the server knows; it sorts by no more. */
function serverOrder(sortBy: string, known: readonly string[], format: string): string | undefined {
  const aliases = columnAliases(parseFormat(format).columns ?? []);
  const [order, ...others] = parseOrder(sortBy, aliases);
  const [step, ...deeper] = order?.key.path ?? [];
  const plain = others.length === 0 && deeper.length === 0 && order?.key.calls.length === 0;
  if (!plain || step?.kind !== 'field' || !known.includes(step.name)) return undefined;
  return order?.descending ? `${step.name} desc` : step.name;
}
