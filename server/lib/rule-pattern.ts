/** What a pattern of a safety rule is made of. */
export interface RulePattern {
  readonly name: string;
  readonly version?: string;
}

/**
 * `NAME` or `NAME@VERSION`. A name may begin with `@`, as scopes do: what stands behind the last `@` that is not the first
 * character is the version.
 */
export function readPattern(written: string): RulePattern {
  const at = written.lastIndexOf('@');
  return at > 0 ? { name: written.slice(0, at), version: written.slice(at + 1) } : { name: written };
}

export const writePattern = ({ name, version }: RulePattern): string =>
  version === undefined ? name : `${name}@${version}`;
