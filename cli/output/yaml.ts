import { isRecord } from './scalar.ts';

/**
 * Block-style YAML that YAML 1.1 and 1.2 readers understand alike: whatever an old reader could take for a date, a
 * number or a truth value is quoted, which the runtime's own writer does not promise for dates.
 */
export function toYaml(value: unknown): string {
  return `${block(value, 0).trimStart()}\n`;
}

function block(value: unknown, depth: number): string {
  const margin = '  '.repeat(depth);
  if (Array.isArray(value) && value.length > 0)
    return value.map((member) => `\n${margin}- ${inItem(member, depth + 1)}`).join('');
  if (isRecord(value)) {
    const fields = Object.entries(value).filter(([, member]) => member !== undefined);
    if (fields.length > 0)
      return fields.map(([name, member]) => `\n${margin}${scalar(name)}:${inField(member, depth)}`).join('');
  }
  return leaf(value);
}

const isBlock = (value: unknown): boolean =>
  (Array.isArray(value) && value.length > 0) ||
  (isRecord(value) && Object.values(value).some((member) => member !== undefined));

/** A list under a name stays at the margin of the name, as gcloud prints it. */
function inField(value: unknown, depth: number): string {
  return isBlock(value) ? block(value, Array.isArray(value) ? depth : depth + 1) : ` ${leaf(value)}`;
}

const inItem = (value: unknown, depth: number): string => block(value, depth).trimStart();

function leaf(value: unknown): string {
  if (Array.isArray(value)) return '[]';
  if (isRecord(value)) return '{}';
  if (value === undefined || value === null) return 'null';
  return typeof value === 'string' ? scalar(value) : JSON.stringify(value);
}

/** Words that stay words for every reader. A number, a date or a time starts with a digit, a sign or a dot. */
const PLAIN = /^[A-Za-z_/][\w./@+%=-]*(:[\w./@+%=-]+)*( [\w./@+%=(),;-]+)*$/;
const RESERVED = /^(y|n|yes|no|on|off|true|false|null)$/i;

function scalar(text: string): string {
  if (PLAIN.test(text) && !RESERVED.test(text)) return text;
  return isPrintable(text) ? `'${text.replaceAll("'", "''")}'` : escaped(text);
}

/** JSON's quoting, and escapes for what older readers take for the end of a line. */
const escaped = (text: string): string =>
  JSON.stringify(text).replaceAll(/[\u007F-\u009F\u2028\u2029\uFEFF]/g, (mark) => {
    return `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });

/** Whether single quotes can hold it: no line ends, control characters or characters that YAML forbids. */
const isPrintable = (text: string): boolean =>
  /^[\x20-\x7E\u00A0-\u2027\u202A-\uD7FF\uE000-\uFEFE\uFF00-\uFFFD]*$/.test(text);
