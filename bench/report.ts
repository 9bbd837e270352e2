import type { Machine } from './machine.ts';
import { type Row, tabulate } from './measure.ts';
import type { Outcome, Scenario } from './scenario.ts';
import type { Missing } from './servers/server.ts';
import type { Summary } from './statistics.ts';

export interface Result {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly Row[];
  readonly missing: readonly Missing[];
  readonly notes: readonly string[];
  readonly chart?: string;
  /** How long the scenario took. */
  readonly seconds?: number;
}

export function resultOf(scenario: Scenario, outcome: Outcome): Result {
  return {
    name: scenario.name,
    title: scenario.title,
    rows: tabulate(scenario.measures, outcome.samples),
    missing: outcome.missing,
    notes: outcome.notes,
    ...(outcome.chart !== undefined && { chart: outcome.chart }),
  };
}

const HEADINGS = ['measure', 'server', 'median', 'min – max', 'Entrepot ÷ it', 'goal', ''] as const;

/** One scenario as a Markdown table that also reads well on a terminal. */
export function renderResult(result: Result): string {
  const cells = result.rows.map((row) => [
    `${row.label}, ${row.unit}`,
    row.server,
    figure(row.summary.median),
    `${figure(row.summary.min)} – ${figure(row.summary.max)}`,
    row.ratio ? ratio(row.ratio) : '',
    row.goal ?? '',
    row.met === undefined ? '' : row.met ? 'met' : '**missed**',
  ]);
  const table = alignColumns([[...HEADINGS], ...cells]);
  const missing = result.missing.map(({ name, reason }) => `Missing: ${name} (${reason}).`);
  const notes = [...missing, ...result.notes].map((note) => `- ${note}`);
  const chart = result.chart === undefined ? [] : [`![${result.title}](${chartFile(result)})`];
  return [...chart, table, ...(notes.length > 0 ? [notes.join('\n')] : [])].join('\n\n');
}

/** Where the chart is, beside the page. */
export const chartFile = ({ name }: Pick<Result, 'name'>): string => `benchmarks-${name}.svg`;

export function renderMachine(machine: Machine): string {
  const { kernel, cpu, cores, flags, memoryGib, filesystem, load, versions, commit, date } = machine;
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `- ${cores} × ${cpu} (${flags.join(', ')}), ${memoryGib} GiB of memory, Linux ${kernel}, data on ${filesystem}`,
    `- ${programs.join(', ')}`,
    `- Entrepot at ${commit}, ${date}; load of the machine when the run began: ${load.toFixed(2)}`,
  ].join('\n');
}

/** Three digits that mean something, and no more. */
export function figure(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

const ratio = ({ median, min, max }: Summary) => `**${figure(median)}** (${figure(min)} – ${figure(max)})`;

function alignColumns(lines: readonly (readonly string[])[]): string {
  const widths = HEADINGS.map((_, column) =>
    Math.max(3, ...lines.map((cells) => (cells[column] ?? '').length)),
  );
  const write = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = lines;
  return [
    write(head),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...body.map(write),
  ].join('\n');
}
