import { nearest } from '../grammar/nearest.ts';
import { usage } from '../exit.ts';
import { lastName, readKey, snake, type Key } from './key.ts';
import { Scanner } from './scanner.ts';

export interface Column {
  readonly key: Key;
  /** Upper snake case of the last name unless `:label=` says otherwise. */
  readonly label: string;
  readonly align: 'left' | 'center' | 'right';
  /** Left out when no row has a value. */
  readonly optional: boolean;
  /** From 1; rows are sorted by columns with a lower number first. */
  readonly sort?: number;
  readonly reverse: boolean;
}

/** What `--format` says: `NAME[attribute, name=value](projection)`. */
export interface FormatSpec {
  readonly name: FormatName;
  readonly attributes: Readonly<Record<string, string | boolean>>;
  /** Absent when the expression has no parentheses: everything is shown. */
  readonly columns?: readonly Column[];
}

export const FORMATS = {
  json: 'JSON; rows are one array.',
  yaml: 'YAML; rows are documents separated by `---`.',
  table: 'Aligned columns: table(FIELDS).',
  value: 'Bare values, tab separated, one row per line: value(FIELDS).',
  csv: 'Comma-separated values with a heading: csv(FIELDS).',
  list: 'A bullet for each row.',
  flattened: 'One `name: value` line for each field at any depth.',
  none: 'Nothing.',
  default: 'What the command uses when --format is not given.',
} as const;
export type FormatName = keyof typeof FORMATS;

/** Other words gcloud has for the same formats. */
const SYNONYMS: Readonly<Record<string, FormatName>> = { get: 'value', text: 'flattened', disable: 'none' };

/** Attributes that change something, by format. Others are refused, so that a typo is noticed. */
const ATTRIBUTES = [
  'box',
  'delimiter',
  'heading',
  'no-heading',
  'separator',
  'terminator',
  'title',
  'no-pad',
  'pad',
];

export function parseFormat(text: string): FormatSpec {
  const scan = new Scanner(text.trim(), '--format');
  const word = scan.expect(/[a-z]+/iy, 'a format name').toLowerCase();
  const name = SYNONYMS[word] ?? word;
  if (!isFormat(name)) {
    const meant = nearest(name, Object.keys(FORMATS));
    const advice =
      meant === undefined ? `use one of ${Object.keys(FORMATS).join(', ')}` : `did you mean ${meant}?`;
    throw usage(`--format: there is no format [${word}]; ${advice}`);
  }
  const attributes = scan.take(/\s*\[/y) === undefined ? {} : readAttributes(scan);
  const columns = scan.take(/\s*\(/y) === undefined ? undefined : readColumns(scan);
  scan.skipSpace();
  if (!scan.atEnd) scan.fail('nothing more expected');
  if (columns === undefined && (name === 'table' || name === 'value' || name === 'csv'))
    throw usage(`--format=${name} needs fields, such as ${name}(name)`);
  return columns === undefined ? { name, attributes } : { name, attributes, columns };
}

const isFormat = (name: string): name is FormatName => Object.hasOwn(FORMATS, name);

function readAttributes(scan: Scanner): Readonly<Record<string, string | boolean>> {
  const attributes: Record<string, string | boolean> = {};
  for (;;) {
    scan.skipSpace();
    if (scan.take(/\]/y) !== undefined) return attributes;
    const name = scan.expect(/[a-z][a-z-]*/y, 'an attribute');
    if (!ATTRIBUTES.includes(name)) scan.fail(`unknown attribute ${name}`);
    attributes[name] = scan.take(/\s*=\s*/y) === undefined ? true : readValue(scan, /[^,\]]*/y);
    scan.skipSpace();
    if (scan.take(/,/y) === undefined && !scan.peek(/\]/y)) scan.fail(', or ] expected');
  }
}

const readValue = (scan: Scanner, bare: RegExp): string =>
  scan.quoted() ?? scan.expect(bare, 'a value').trim();

function readColumns(scan: Scanner): readonly Column[] {
  const columns: Column[] = [];
  for (;;) {
    scan.skipSpace();
    if (scan.take(/\)/y) !== undefined) return columns;
    columns.push(readColumn(scan));
    scan.skipSpace();
    if (scan.take(/,/y) === undefined && !scan.peek(/\)/y)) scan.fail(', or ) expected');
  }
}

function readColumn(scan: Scanner): Column {
  const key = readKey(scan);
  const given: Record<string, string> = {};
  while (scan.take(/\s*:/y) !== undefined) {
    const name = scan.expect(/(no-)?(label|alias|align|sort|reverse|optional|wrap)\b/y, 'a column attribute');
    given[name] = scan.take(/=/y) === undefined ? 'true' : readValue(scan, /[^,:)]*/y);
  }
  const { align = 'left', sort } = given;
  if (align !== 'left' && align !== 'center' && align !== 'right')
    return scan.fail(`[${align}] is not an alignment; use left, center or right`);
  if (sort !== undefined && !/^\d+$/.test(sort)) scan.fail(`[${sort}] is not a sort order; count from 1`);
  const column = {
    key,
    label: given['label'] ?? snake(lastName(key)).toUpperCase(),
    align,
    optional: given['optional'] === 'true',
    reverse: given['reverse'] === 'true',
  } as const;
  return sort === undefined ? column : { ...column, sort: Number(sort) };
}

/**
 * Names that the columns give to what they show, so that a person can filter and sort by what is on the screen.
 * A name means the value and not its looks: sizes and dates compare as sizes and dates.
 */
export function columnAliases(columns: readonly Column[]): ReadonlyMap<string, Key> {
  return new Map(columns.map(({ key, label }) => [label.replace(/ \(.*\)$/, ''), plain(key)]));
}

const plain = ({ path, calls }: Key): Key => ({
  path,
  calls: calls.filter(({ name }) => name !== 'date' && name !== 'size'),
});
