/** One way of showing who asks that a server offers in `WWW-Authenticate`. */
export interface Challenge {
  /** Lower case. */
  readonly scheme: string;
  /** By name in lower case; the first of several with one name counts. */
  readonly params: ReadonlyMap<string, string>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const SEPARATORS = /[ \t,]*/y;
const EQUALS = /[ \t]*=[ \t]*(?=[^ \t,=])/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)"/y;
/** What some schemes have in place of parameters. */
const TOKEN68 = /[ \t]+[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;

/**
 * The challenges of a header, however many, also of several headers joined with commas (RFC 9110 11.6.1). What cannot be read
 * ends it; what was read before counts.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { readonly scheme: string; readonly params: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(header) ?? undefined;
    at += match?.[0].length ?? 0;
    return match;
  };
  for (;;) {
    take(SEPARATORS);
    const name = take(TOKEN)?.[0].toLowerCase();
    if (name === undefined) return challenges;
    const current = challenges.at(-1);
    if (!current || !take(EQUALS)) {
      challenges.push({ scheme: name, params: new Map() });
      take(TOKEN68);
      continue;
    }
    const value = take(QUOTED)?.[1]?.replaceAll(/\\([^])/g, '$1') ?? take(TOKEN)?.[0];
    if (value === undefined) return challenges;
    if (!current.params.has(name)) current.params.set(name, value);
  }
}
