import type { Answer, Command, Row, Rows } from '../grammar/command.ts';
import type { Globals } from '../grammar/global-flags.ts';
import type { Sink } from '../io.ts';
import { columnAliases, parseFormat, type FormatSpec } from './format-spec.ts';
import { columnOrder } from './order.ts';
import type { PushedDown } from './pushed-down.ts';
import { harmless } from './harmless.ts';
import { render } from './render.ts';
import { select, selection } from './select.ts';

/** How one answer will be printed; made before the command runs, so that a bad expression stops it early. */
export interface Printing {
  print(answer: Answer, out: Sink): Promise<PrintedRows>;
}
interface PrintedRows {
  readonly rows: number;
}

/** Formats of a command's own answer: `text` is a string as it is; the rest are those of --format. */
export function printing(command: Command, globals: Globals, pushed: PushedDown, now: number): Printing {
  const wanted = globals.format === undefined ? undefined : parseFormat(globals.format);
  const plain = wanted === undefined || wanted.name === 'default';
  const own = command.format === 'text' ? undefined : parseFormat(command.format);
  const uris = command.lists === true && globals.uri === true;
  const spec = uris ? parseFormat(`value(${command.uri ?? 'name'})`) : plain ? own : wanted;
  const known = own?.columns ?? [];
  const order = spec?.columns === undefined || pushed.orderBy !== undefined ? [] : columnOrder(spec.columns);
  const left = {
    limit: globals.limit,
    filter: pushed.filter === undefined ? globals.filter : undefined,
    sortBy: pushed.orderBy === undefined ? globals.sortBy : undefined,
  };
  const chosen = selection(left, columnAliases([...known, ...(spec?.columns ?? [])]), order, now);
  return {
    async print(answer, out) {
      if (answer === undefined) return { rows: 0 };
      if (typeof answer === 'string') return printText(answer, spec, out);
      const lists = command.lists === true || Array.isArray(answer);
      const rows = lists ? select(answer as Rows, chosen) : only(answer as Row);
      return printRows(rows, spec ?? parseFormat('yaml'), !lists, out);
    },
  };
}

async function printText(text: string, spec: FormatSpec | undefined, out: Sink): Promise<PrintedRows> {
  if (spec?.name === 'json') await out.write(`${JSON.stringify(text)}\n`);
  else if (spec?.name !== 'none') await out.write(text.endsWith('\n') ? text : `${text}\n`);
  return { rows: 1 };
}

async function printRows(
  rows: AsyncIterable<Row>,
  spec: FormatSpec,
  single: boolean,
  out: Sink,
): Promise<PrintedRows> {
  let count = 0;
  const counted = async function* (): AsyncGenerator<Row> {
    for await (const row of rows) {
      count += 1;
      yield row;
    }
  };
  for await (const piece of render(spec, counted(), single))
    if (piece !== '') await out.write(out.isTerminal ? harmless(piece) : piece);
  return { rows: count };
}

async function* only(row: Row): AsyncGenerator<Row> {
  yield row;
}
