import { readPattern } from '../lib/rule-pattern.ts';

/** What a pattern of a safety rule means: names, and versions where it says any. */
export interface NamePattern {
  matches(name: string, version?: string): boolean;
  /** Whether it may match some version of the name. */
  mayMatch(name: string): boolean;
}

/**
 * `NAME` or `NAME@VERSION`, with `*` for any text, slashes among it. Everything is as it is written, capital letters too: formats
 * with several spellings of one name have rules in the one that they use.
 */
export function namePattern(written: string): NamePattern {
  const pattern = readPattern(written);
  const names = wildcard(pattern.name);
  const versions = pattern.version === undefined ? undefined : wildcard(pattern.version);
  return {
    mayMatch: names,
    matches: (name, version) => names(name) && (!versions || (version !== undefined && versions(version))),
  };
}

/** Matches piece by piece from the left, so that no pattern takes longer than text times pieces. */
function wildcard(pattern: string): (text: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    let from = first.length;
    for (const piece of rest) {
      const found = text.indexOf(piece, from);
      if (found === -1) return false;
      from = found + piece.length;
    }
    return from <= text.length - last.length;
  };
}
