/** What a pattern of a safety rule means: names, and versions where it says any. */
export interface NamePattern {
  matches(name: string, version?: string): boolean;
  /** Whether it may match some version of the name. */
  mayMatch(name: string): boolean;
}

/**
 * `NAME` or `NAME@VERSION`, with `*` for any text, slashes among it. A name may begin with `@`, as scopes do: what stands
 * behind the last `@` that is not the first character is the version. Everything is as it is written, capital letters too.
 */
export function namePattern(written: string): NamePattern {
  const at = written.lastIndexOf('@');
  const versioned = at > 0;
  const names = wildcard(versioned ? written.slice(0, at) : written);
  const versions = wildcard(versioned ? written.slice(at + 1) : '*');
  return {
    mayMatch: names,
    matches: (name, version) => names(name) && (!versioned || (version !== undefined && versions(version))),
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
