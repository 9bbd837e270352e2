import { usage } from '../exit.ts';
import type { Row } from '../grammar/command.ts';
import type { Column } from './format-spec.ts';
import { evaluate, readKey, type Key } from './key.ts';
import { asNumber, asText } from './scalar.ts';
import { Scanner } from './scanner.ts';

export interface Order {
  readonly key: Key;
  readonly descending: boolean;
}

/** Reads `--sort-by`: `a,~b` sorts by a, and where those are equal by b in descending order. */
export function parseOrder(text: string, aliases: ReadonlyMap<string, Key>): readonly Order[] {
  return text.split(/,(?![^(]*\))/).map((part) => {
    const word = part.trim();
    const descending = word.startsWith('~');
    const name = descending ? word.slice(1) : word;
    if (name === '') throw usage(`--sort-by: [${text}] has an empty field name`);
    const scan = new Scanner(name, '--sort-by');
    const key = aliases.get(name) ?? readKey(scan);
    if (!aliases.has(name) && !scan.atEnd) scan.fail('nothing more expected');
    return { key, descending };
  });
}

/** The order that `:sort=N` and `:reverse` of the columns ask for. */
export const columnOrder = (columns: readonly Column[]): readonly Order[] =>
  columns
    .filter(({ sort }) => sort !== undefined)
    .toSorted((a, b) => (a.sort ?? 0) - (b.sort ?? 0))
    .map(({ key, reverse }) => ({ key, descending: reverse }));

/** Stable. Numbers sort as numbers, the rest as text; rows without the value come last. */
export function sortRows(rows: readonly Row[], orders: readonly Order[]): readonly Row[] {
  if (orders.length === 0) return rows;
  const keyed = rows.map((row) => ({ row, values: orders.map(({ key }) => evaluate(key, row)) }));
  keyed.sort((a, b) => {
    for (const [index, { descending }] of orders.entries()) {
      const result = compare(a.values[index], b.values[index], descending);
      if (result !== 0) return result;
    }
    return 0;
  });
  return keyed.map(({ row }) => row);
}

function compare(a: unknown, b: unknown, descending: boolean): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const [x, y] = [asNumber(a), asNumber(b)];
  const result = x !== undefined && y !== undefined ? x - y : order(asText(a), asText(b));
  return descending ? -result : result;
}

const order = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
