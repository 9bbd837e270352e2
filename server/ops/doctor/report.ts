import type { Level } from './check.ts';
import type { Result } from './examine.ts';

const SIGNS: Readonly<Record<Level, string>> = { ok: '✓', warn: '!', fail: '✗' };
const WORDS: Readonly<Record<Level, string>> = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' };

/** The longest name of a check, so that what they say stands below each other. */
const NAME_WIDTH = 20;

/** One finding for people. Signs on a terminal, plain words elsewhere; what to do on a line of its own. */
export function line({ name, level, says, do: what }: Result, terminal: boolean): string {
  const head = `${terminal ? SIGNS[level] : WORDS[level]} ${name.padEnd(NAME_WIDTH)} ${printable(says)}\n`;
  if (what === undefined) return head;
  const indent = ' '.repeat((terminal ? 1 : 4) + NAME_WIDTH + 2);
  return `${head}${indent}${terminal ? '→' : '->'} ${printable(what)}\n`;
}

export function summary(results: readonly Result[]): string {
  const number = (level: Level) => results.filter((result) => result.level === level).length;
  const [failed, warned] = [number('fail'), number('warn')];
  if (failed === 0 && warned === 0) return 'All is well.\n';
  return `${failed} failed, ${warned} to look at, ${number('ok')} well.\n`;
}

/** For programs. `level` is that of the worst finding. */
export const json = (results: readonly Result[]): string =>
  `${JSON.stringify({ level: worst(results), checks: results }, undefined, 2)}\n`;

export function worst(results: readonly Result[]): Level {
  if (results.some(({ level }) => level === 'fail')) return 'fail';
  return results.some(({ level }) => level === 'warn') ? 'warn' : 'ok';
}

/** File names and what other servers say may hold anything. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const printable = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?');
