import { asNumber, asText, asTime, isRecord } from './scalar.ts';

export type Operator = ':' | '=' | '!=' | '<' | '<=' | '>' | '>=' | '~' | '!~';

/** Whether `value OP operand` holds. A list matches when a member does; nothing matches only `!=` and `!~`. */
export function matches(value: unknown, operator: Operator, operand: string, now: number): boolean {
  if (operator === '!=') return !matches(value, '=', operand, now);
  if (operator === '!~') return !matches(value, '~', operand, now);
  if (Array.isArray(value)) return value.some((member) => matches(member, operator, operand, now));
  if (operator === ':') return has(value, operand);
  if (value === undefined || value === null) return false;
  if (operator === '~') return new RegExp(operand, 'u').test(asText(value));
  const order = compare(value, operand, now);
  switch (operator) {
    case '=':
      return order === 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    default:
      return operator satisfies never;
  }
}

/** `key:*` is any value at all; `*` elsewhere stands for any text; without one, containing is enough. */
function has(value: unknown, pattern: string): boolean {
  if (pattern === '*') return value !== undefined && value !== null && value !== '';
  if (value === undefined || value === null) return false;
  if (isRecord(value)) return Object.keys(value).some((name) => has(name, pattern));
  const [subject, wanted] = [asText(value).toLowerCase(), pattern.toLowerCase()];
  if (!wanted.includes('*')) return subject.includes(wanted);
  return new RegExp(
    `^${wanted
      .split('*')
      .map((part) => RegExp.escape(part))
      .join('.*')}$`,
    's',
  ).test(subject);
}

/** As numbers when both are, as times when both are, else as text without regard to case. */
function compare(value: unknown, operand: string, now: number): number {
  const numbers = [asNumber(value), asNumber(operand)] as const;
  if (numbers[0] !== undefined && numbers[1] !== undefined) return numbers[0] - numbers[1];
  const times = [asTime(value), asTime(operand) ?? ago(operand, now)] as const;
  if (times[0] !== undefined && times[1] !== undefined) return times[0] - times[1];
  const [a, b] = [asText(value).toLowerCase(), operand.toLowerCase()];
  return a < b ? -1 : Number(a > b);
}

const DURATION =
  /^(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/i;

/** The time an ISO 8601 duration leads to from now: `-P30D` is thirty days ago. */
function ago(text: string, now: number): number | undefined {
  const found = DURATION.exec(text);
  if (found === null || !/\d/.test(text)) return undefined;
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = found
    .slice(2)
    .map((digits) => Number(digits ?? 0));
  const sign = found[1] === '-' ? -1 : 1;
  const at = new Date(now);
  at.setUTCFullYear(at.getUTCFullYear() + sign * years, at.getUTCMonth() + sign * months);
  const rest = (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds;
  return at.getTime() + sign * rest * 1000;
}
