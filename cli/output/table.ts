import type { Column, FormatSpec } from './format-spec.ts';

/** Rows under headings, two spaces between columns, no space at the end of a line. Nothing at all without rows. */
export function tableLines(
  columns: readonly Column[],
  cells: readonly (readonly string[])[],
  { box, title, 'no-heading': noHeading }: FormatSpec['attributes'],
): string {
  if (cells.length === 0) return '';
  const shown = columns.flatMap((column, index) =>
    column.optional && cells.every((row) => !row[index]) ? [] : [{ column, index }],
  );
  const headings = shown.map(({ column }) => column.label);
  const body = cells.map((row) => shown.map(({ index }) => row[index] ?? ''));
  const lines = noHeading === true ? body : [headings, ...body];
  const widths = shown.map((_, at) => Math.max(...lines.map((line) => Bun.stringWidth(line[at] ?? ''))));
  const padded = lines.map((line) =>
    line.map((cell, at) => pad(cell, widths[at] ?? 0, shown[at]?.column.align)),
  );
  const text =
    box === true
      ? boxed(padded, widths, noHeading !== true)
      : padded.map((line) => line.join('  ').trimEnd());
  const above = typeof title === 'string' ? [centred(title, Bun.stringWidth(text[0] ?? ''))] : [];
  return [...above, ...text].map((line) => `${line}\n`).join('');
}

function pad(cell: string, width: number, align: Column['align'] = 'left'): string {
  const room = width - Bun.stringWidth(cell);
  const before = align === 'right' ? room : Math.floor(align === 'center' ? room / 2 : 0);
  return ' '.repeat(before) + cell + ' '.repeat(room - before);
}

const centred = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, Math.floor((width - Bun.stringWidth(text)) / 2))) + text;

function boxed(lines: readonly (readonly string[])[], widths: readonly number[], headed: boolean): string[] {
  const rule = `+-${widths.map((width) => '-'.repeat(width)).join('-+-')}-+`;
  const rows = lines.map((line) => `| ${line.join(' | ')} |`);
  const [first = '', ...rest] = rows;
  return headed ? [rule, first, rule, ...rest, rule] : [rule, ...rows, rule];
}
