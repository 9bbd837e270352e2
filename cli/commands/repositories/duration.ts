import { usage } from '../../exit.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `30d`, `12h`, `1d12h` or bare seconds as the API's `…s`. `where` stands in front of a complaint. */
export function seconds(value: unknown, where: string): string {
  const text = typeof value === 'number' ? `${value}s` : value;
  if (typeof text !== 'string' || !/^(\d+(\.\d+)?[smhd])+$/.test(text))
    throw usage(`${where}: [${String(value)}] is not a duration; write one such as 30d, 12h or 90m`);
  const parts = text.matchAll(/(\d+(?:\.\d+)?)([smhd])/g);
  return `${parts.reduce((sum, [, number, unit = 's']) => sum + Number(number) * (UNITS[unit] ?? 1), 0)}s`;
}
