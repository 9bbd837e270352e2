/** A version as Go reads it (go.dev/ref/mod#versions): semantic versioning with a `v`. */
export interface Version {
  readonly core: readonly [major: bigint, minor: bigint, patch: bigint];
  /** Empty for a release. */
  readonly pre: readonly string[];
  /** Whether it is `+incompatible`: of a major version that the module's path does not name. */
  readonly isIncompatible: boolean;
}

const NUMBER = String.raw`(0|[1-9]\d*)`;
const PATTERN = new RegExp(
  String.raw`^v${NUMBER}\.${NUMBER}\.${NUMBER}(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(\+incompatible)?$`,
);
const PSEUDO =
  /^v\d+\.(?:0\.0-|\d+\.\d+-(?:[^+]*\.)?0\.)(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})-[A-Za-z0-9]+(?:\+incompatible)?$/;
const LONGEST = 128;

/** Reads a version that is written in the one way in which it is in `go.mod`. Nothing for what is none. */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch, pre = '', incompatible] =
    text.length <= LONGEST ? (PATTERN.exec(text) ?? []) : [];
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  const parts = pre === '' ? [] : pre.split('.');
  if (parts.some((part) => /^0\d+$/.test(part))) return undefined;
  return {
    core: [BigInt(major), BigInt(minor), BigInt(patch)],
    pre: parts,
    isIncompatible: incompatible !== undefined,
  };
}

/** Whether a text is a canonical version (go.dev/ref/mod#glos-canonical-version). */
export const isCanonical = (text: string): boolean => parseVersion(text) !== undefined;

/** Whether a version stands for a commit that nobody tagged (go.dev/ref/mod#pseudo-versions). */
export const isPseudo = (version: string): boolean => PSEUDO.test(version);

/** When a pseudo-version's commit was made, in milliseconds since the epoch. */
export function pseudoTime(version: string): number | undefined {
  const found = PSEUDO.exec(version);
  if (!found) return undefined;
  const [, year, month, day, hour, minute, second] = found;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at) ? undefined : at;
}

/** In the order of semantic versioning; what is no version comes first, and of two that are worth the same, `+incompatible` last. */
export function sortVersions(versions: Iterable<string>): readonly string[] {
  return Array.from(new Set(versions), (text) => ({ text, parsed: parseVersion(text) }))
    .sort((a, b) => {
      const byText = order(a.text, b.text);
      if (a.parsed && b.parsed) return compare(a.parsed, b.parsed) || byText;
      return order(Number(a.parsed !== undefined), Number(b.parsed !== undefined)) || byText;
    })
    .map(({ text }) => text);
}

function rank(version: string): number {
  if (isPseudo(version)) return 0;
  return parseVersion(version)?.pre.length === 0 ? 2 : 1;
}

/** What is meant by the latest of them: the highest release, else the highest of what comes before one, else the newest commit. */
export function latestOf(versions: Iterable<string>): string | undefined {
  const sorted = sortVersions(versions);
  const best = Math.max(...sorted.map(rank));
  const among = sorted.filter((version) => rank(version) === best);
  if (best > 0) return among.at(-1);
  return among.toSorted((a, b) => (pseudoTime(a) ?? 0) - (pseudoTime(b) ?? 0)).at(-1);
}

/** `1` of `v1.2.3`. */
export const majorOf = ({ core }: Version): bigint => core[0];

function compare(a: Version, b: Version): number {
  for (const [at, left] of a.core.entries()) {
    const difference = order(left, b.core[at] ?? 0n);
    if (difference !== 0) return difference;
  }
  // A release comes after what leads to it.
  if (a.pre.length === 0 || b.pre.length === 0) return order(b.pre.length, a.pre.length);
  for (const [at, left] of a.pre.entries()) {
    const right = b.pre[at];
    if (right === undefined) return 1;
    const difference = comparePart(left, right);
    if (difference !== 0) return difference;
  }
  return order(a.pre.length, b.pre.length);
}

/** Numbers come before words. */
function comparePart(a: string, b: string): number {
  const [isNumber, otherIs] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && otherIs) return order(BigInt(a), BigInt(b));
  return isNumber === otherIs ? order(a, b) : Number(otherIs) - Number(isNumber);
}

const order = <T extends bigint | number | string>(a: T, b: T): number => Number(a > b) - Number(a < b);
