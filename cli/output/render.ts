import { usage } from '../exit.ts';
import type { Row } from '../grammar/command.ts';
import type { Column, FormatSpec } from './format-spec.ts';
import { evaluate, lastName, snake } from './key.ts';
import { asText, isRecord, sortedKeys } from './scalar.ts';
import { tableLines } from './table.ts';
import { toYaml } from './yaml.ts';

type Chunks = AsyncGenerator<string>;
type Rows = AsyncIterable<Row>;

/** The text of an answer, in pieces. `single` tells one resource from a list of one. */
export function render(spec: FormatSpec, rows: Rows, single: boolean): Chunks {
  switch (spec.name) {
    case 'json':
      return jsonText(spec, rows, single);
    case 'yaml':
      return yamlText(spec, rows, single);
    case 'table':
      return tableText(spec, rows);
    case 'value':
      return valueText(spec, rows);
    case 'csv':
      return csvText(spec, rows);
    case 'list':
      return listText(spec, rows);
    case 'flattened':
      return flattenedText(spec, rows);
    case 'none':
      return nothing(rows);
    case 'default':
      throw usage('--format=default takes no fields');
    default:
      return spec.name satisfies never;
  }
}

/** Only the chosen fields, in their places; a resource as it is when none were chosen. Keys sorted. */
function chosen(row: Row, { columns }: FormatSpec): unknown {
  if (columns === undefined) return sortedKeys(row);
  const result: Record<string, unknown> = {};
  for (const { key } of columns) {
    const value = evaluate(key, row);
    if (value !== undefined)
      place(
        result,
        key.path.flatMap((s) => (s.kind === 'field' ? [s.name] : [])),
        value,
      );
  }
  return sortedKeys(result);
}

function place(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    into[name] = value;
    return;
  }
  const inner = isRecord(into[name]) ? { ...into[name] } : {};
  place(inner, rest, value);
  into[name] = inner;
}

const json = (value: unknown): string => JSON.stringify(value, undefined, 2);

async function* jsonText(spec: FormatSpec, rows: Rows, single: boolean): Chunks {
  if (single) {
    for await (const row of rows) yield `${json(chosen(row, spec))}\n`;
    return;
  }
  let before = '[\n  ';
  for await (const row of rows) {
    yield before + json(chosen(row, spec)).replaceAll('\n', '\n  ');
    before = ',\n  ';
  }
  yield before.startsWith('[') ? '[]\n' : '\n]\n';
}

async function* yamlText(spec: FormatSpec, rows: Rows, single: boolean): Chunks {
  for await (const row of rows) yield `${single ? '' : '---\n'}${toYaml(chosen(row, spec))}`;
}

async function* tableText({ columns = [], attributes }: FormatSpec, rows: Rows): Chunks {
  const all = await Array.fromAsync(rows);
  const cells = all.map((row) =>
    columns.map(({ key }) => asText(evaluate(key, row), ',').replaceAll('\n', ' ')),
  );
  yield tableLines(columns, cells, attributes);
}

const textAttribute = ({ attributes }: FormatSpec, name: string, otherwise: string): string => {
  const value = attributes[name];
  return typeof value === 'string' ? value : otherwise;
};

const fields = (row: Row, { columns = [], ...spec }: FormatSpec): readonly string[] =>
  columns.map(({ key }) => asText(evaluate(key, row), textAttribute(spec, 'delimiter', ';')));

async function* valueText(spec: FormatSpec, rows: Rows): Chunks {
  const separator = textAttribute(spec, 'separator', '\t');
  const end = textAttribute(spec, 'terminator', '\n');
  for await (const row of rows) yield fields(row, spec).join(separator) + end;
}

async function* csvText(spec: FormatSpec, rows: Rows): Chunks {
  const separator = textAttribute(spec, 'separator', ',');
  const end = textAttribute(spec, 'terminator', '\n');
  const line = (cells: readonly string[]): string =>
    cells.map((cell) => quotedCell(cell, separator)).join(separator) + end;
  if (spec.attributes['no-heading'] !== true) yield line((spec.columns ?? []).map(heading));
  for await (const row of rows) yield line(fields(row, spec));
}

/** A label that was given, else the field name in snake case. */
function heading({ key, label }: Column): string {
  const name = snake(lastName(key));
  return label === name.toUpperCase() ? name : label;
}

/** RFC 4180. */
const quotedCell = (cell: string, separator: string): string =>
  cell.includes(separator) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;

async function* listText(spec: FormatSpec, rows: Rows): Chunks {
  for await (const row of rows) {
    const [first = '', ...rest] = toYaml(chosen(row, spec)).trimEnd().split('\n');
    yield `- ${first}\n${rest.map((line) => `  ${line}\n`).join('')}`;
  }
}

async function* flattenedText(spec: FormatSpec, rows: Rows): Chunks {
  for await (const row of rows) {
    const pairs = [...flat('', chosen(row, spec))];
    const width = Math.max(0, ...pairs.map(([name]) => name.length + 1));
    yield `---\n${pairs.map(([name, value]) => `${`${name}:`.padEnd(width)} ${value}\n`).join('')}`;
  }
}

function* flat(at: string, value: unknown): Generator<readonly [string, string]> {
  if (Array.isArray(value))
    for (const [index, member] of value.entries()) yield* flat(`${at}[${index}]`, member);
  else if (isRecord(value))
    for (const [name, member] of Object.entries(value))
      yield* flat(at === '' ? name : `${at}.${name}`, member);
  else yield [at, asText(value)];
}

/** The rows are fetched and none of them is printed. */
async function* nothing(rows: Rows): Chunks {
  for await (const _ of rows) yield '';
}
