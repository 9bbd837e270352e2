import { usage } from '../exit.ts';
import { formatTime } from './date-format.ts';
import { asNumber, asText, asTime, isRecord } from './scalar.ts';

interface Use {
  readonly args: readonly string[];
  readonly named: Readonly<Record<string, string>>;
  readonly resource: unknown;
}
type Transform = (value: unknown, use: Use) => unknown;

const pick = ({ args, named }: Use, at: number, name: string): string | undefined => named[name] ?? args[at];

/** The transforms of gcloud's projections that make sense for artifacts. Absent values stay absent unless said otherwise. */
export const transforms: ReadonlyMap<string, Transform> = new Map<string, Transform>([
  ['basename', (value, use) => basename(value) ?? pick(use, 0, 'undefined')],
  ['count', (value) => size(value)],
  ['date', (value, use) => date(value, use)],
  ['firstof', (value, { args, resource }) => value ?? firstOf(resource, args)],
  ['iso', (value) => formatted(value, '%Y-%m-%dT%H:%M:%SZ', 'UTC')],
  ['join', (value, use) => joined(value, pick(use, 0, 'sep') ?? '/')],
  ['json', (value) => (value === undefined ? undefined : JSON.stringify(value))],
  ['len', (value) => size(value)],
  ['list', (value, use) => joined(value, pick(use, 1, 'separator') ?? ',')],
  ['lower', (value) => textual(value, (text) => text.toLowerCase())],
  ['notnull', (value) => (Array.isArray(value) ? value.filter((one) => one !== null) : value)],
  ['scope', (value, { args }) => textual(value, (text) => scope(text, args))],
  ['segment', (value, use) => textual(value, (text) => segment(text, use))],
  ['size', (value, use) => sized(value, use)],
  ['split', (value, use) => textual(value, (text) => text.split(pick(use, 0, 'sep') ?? '/'))],
  ['sub', (value, { args }) => textual(value, (text) => substitute(text, args))],
  ['uri', (value, { resource }) => (value === resource && isRecord(resource) ? resource['name'] : value)],
  ['upper', (value) => textual(value, (text) => text.toUpperCase())],
  [
    'yesno',
    (value, use) => (truthy(value) ? (pick(use, 0, 'yes') ?? asText(value)) : (pick(use, 1, 'no') ?? 'No')),
  ],
]);

function textual(value: unknown, change: (text: string) => unknown): unknown {
  if (value === undefined || value === null) return value;
  return Array.isArray(value) ? value.map((member) => change(asText(member))) : change(asText(value));
}

function basename(value: unknown): unknown {
  return value === undefined || value === '' ? undefined : textual(value, (text) => text.split('/').at(-1));
}

function size(value: unknown): number {
  if (Array.isArray(value) || typeof value === 'string') return value.length;
  return isRecord(value) ? Object.keys(value).length : 0;
}

function joined(value: unknown, separator: string): unknown {
  return typeof value === 'object' && value !== null ? asText(value, separator) : value;
}

function firstOf(resource: unknown, names: readonly string[]): unknown {
  if (!isRecord(resource)) return undefined;
  return names.map((name) => resource[name]).find((found) => found !== undefined && found !== '');
}

function segment(text: string, use: Use): string | undefined {
  const parts = text.split('/');
  return parts.at(Number(pick(use, 0, 'index') ?? -1)) ?? pick(use, 1, 'undefined');
}

/** What follows `/name/`, for the first of `names` that is there. */
function scope(text: string, names: readonly string[]): string {
  for (const name of names.length === 0 ? ['regions', 'zones', 'locations'] : names) {
    const at = text.indexOf(`/${name}/`);
    if (at >= 0) return text.slice(at + name.length + 2);
  }
  return text;
}

function substitute(text: string, [pattern = '', replacement = '']: readonly string[]): string {
  try {
    return text.replaceAll(new RegExp(pattern, 'gu'), replacement);
  } catch (cause) {
    throw usage(`sub(): [${pattern}] is not a regular expression: ${String(cause)}`);
  }
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes for a person, `12.3 MiB`; with `units_out=M` the bare number in that unit. Units are powers of 1024. */
function sized(value: unknown, use: Use): unknown {
  const bytes = asNumber(value);
  if (bytes === undefined) return use.named['zero'] ?? value;
  if (bytes === 0 && use.named['zero'] !== undefined) return use.named['zero'];
  const precision = Number(use.named['precision'] ?? 1);
  const wanted = use.named['units_out']?.[0]?.toUpperCase();
  const fitting = bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10);
  const power = wanted === undefined ? fitting : UNITS.findIndex((unit) => unit.startsWith(wanted));
  const unit = UNITS[Math.min(power, UNITS.length - 1)];
  if (unit === undefined) throw usage(`size(): there is no unit [${wanted}]; use B, K, M, G, T or P`);
  const scaled = bytes / 1024 ** UNITS.indexOf(unit);
  if (wanted !== undefined) return String(Number(scaled.toFixed(precision)));
  return power === 0 ? `${bytes} B` : `${scaled.toFixed(precision)} ${unit}`;
}

function date(value: unknown, use: Use): unknown {
  return formatted(
    value,
    pick(use, 0, 'format') ?? '%Y-%m-%dT%H:%M:%S',
    pick(use, 3, 'tz') ?? use.args.slice(1).find((arg) => arg !== '') ?? 'LOCAL',
  );
}

function formatted(value: unknown, format: string, zone: string): unknown {
  const at = asTime(value);
  return at === undefined ? value : formatTime(new Date(at), format, zone);
}

/** What counts as yes: anything but nothing, false, zero and the words for them. */
function truthy(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return false;
  return typeof value !== 'string' || !['false', 'no', '0'].includes(value.toLowerCase());
}
