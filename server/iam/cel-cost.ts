import { type CelValue, isCelList, isCelMap } from '@bufbuild/cel';

/** What one evaluation may spend, in characters looked at; about a tenth of a second on a slow machine. */
const BUDGET = 2_000_000;
/** Compiling one instruction of a regular expression, in the same coin. */
const INSTRUCTION = 2_000;

/** What an evaluation has left. Each evaluation runs to its end before the next, so one meter serves all of them. */
export class Meter {
  #left = BUDGET;

  reset(): void {
    this.#left = BUDGET;
  }

  /** Ends the evaluation when nothing is left. */
  charge(cost: number): void {
    this.#left -= cost;
    if (this.#left < 0) throw new Error('it takes too long');
  }
}

/** What a function does with its arguments grows with their size, and for two texts with both. */
export function costOf(values: readonly (CelValue | undefined)[]): number {
  const sizes = values.map(sizeOf);
  const texts = values.flatMap((value) => (typeof value === 'string' ? [value.length] : []));
  const [longer = 0, shorter = 0] = texts.sort((a, b) => b - a);
  return 1 + sizes.reduce((sum, size) => sum + size, 0) + (longer * shorter) / 256;
}

function sizeOf(value: CelValue | undefined): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length;
  if (isCelMap(value)) return value.size;
  if (!isCelList(value)) return 0;
  let size = value.size;
  for (const item of value) if (typeof item === 'string') size += item.length;
  return size;
}

/** RE2 takes time with the product of text and program. */
export const matchCost = (pattern: string, text: string): number =>
  programSize(pattern) * (text.length + INSTRUCTION);

/** At least as many instructions as a pattern compiles to: a counted repetition repeats all that stands before it. */
export function programSize(pattern: string): number {
  const groups = [{ size: 1, last: 0 }];
  const add = (size: number): void => {
    const group = groups.at(-1);
    if (group) [group.size, group.last] = [group.size + size, size];
  };
  for (const [token] of pattern.matchAll(/\\[^]|\[\^?\]?(?:\\[^]|\[:\w+:\]|[^\]\\])*\]|\{\d*,?\d*\}|[^]/g)) {
    if (token === '(') groups.push({ size: 1, last: 0 });
    else if (token === ')' && groups.length > 1) add(groups.pop()?.size ?? 0);
    else if (/^\{\d/.test(token))
      add((groups.at(-1)?.last ?? 0) * Math.max(...(token.match(/\d+/g)?.map(Number) ?? [])));
    else add(1);
  }
  return groups.reduce((sum, { size }) => sum + size, 0);
}
