/** A version as PEP 440 reads it. */
export interface Version {
  /** In the one way to write it. */
  readonly normal: string;
  readonly isPrerelease: boolean;
  readonly epoch: bigint;
  readonly release: readonly bigint[];
  readonly pre?: readonly [letter: 'a' | 'b' | 'rc', number: bigint];
  readonly post?: bigint;
  readonly dev?: bigint;
  readonly local?: readonly (string | bigint)[];
}

const PATTERN =
  /^\s*v?(?:(?<epoch>\d+)!)?(?<release>\d+(?:\.\d+)*)(?:[-_.]?(?<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<preN>\d+)?)?(?:-(?<postBare>\d+)|[-_.]?(?<post>post|rev|r)[-_.]?(?<postN>\d+)?)?(?:[-_.]?(?<dev>dev)[-_.]?(?<devN>\d+)?)?(?:\+(?<local>[a-z\d]+(?:[-_.][a-z\d]+)*))?\s*$/i;
const LETTERS: Readonly<Record<string, 'a' | 'b' | 'rc'>> = {
  alpha: 'a',
  a: 'a',
  beta: 'b',
  b: 'b',
  c: 'rc',
  rc: 'rc',
  pre: 'rc',
  preview: 'rc',
};
const LONGEST = 200;

/** Reads a version in any spelling that PEP 440 allows. Nothing for what is none. */
export function parseVersion(text: string): Version | undefined {
  const groups = text.length <= LONGEST ? PATTERN.exec(text)?.groups : undefined;
  if (!groups) return undefined;
  const { epoch, release = '', pre, preN, post, postN, postBare, dev, devN, local } = groups;
  const letter = pre === undefined ? undefined : LETTERS[pre.toLowerCase()];
  const parts = {
    epoch: BigInt(epoch ?? 0),
    release: release.split('.').map(BigInt),
    ...(letter && { pre: [letter, BigInt(preN ?? 0)] as const }),
    ...((post ?? postBare) !== undefined && { post: BigInt(postBare ?? postN ?? 0) }),
    ...(dev !== undefined && { dev: BigInt(devN ?? 0) }),
    ...(local !== undefined && {
      local: local
        .toLowerCase()
        .split(/[-_.]/)
        .map((part) => (/^\d+$/.test(part) ? BigInt(part) : part)),
    }),
  };
  return { ...parts, normal: written(parts), isPrerelease: letter !== undefined || dev !== undefined };
}

function written({
  epoch,
  release,
  pre,
  post,
  dev,
  local,
}: Omit<Version, 'normal' | 'isPrerelease'>): string {
  return [
    epoch === 0n ? '' : `${epoch}!`,
    release.join('.'),
    pre ? pre.join('') : '',
    post === undefined ? '' : `.post${post}`,
    dev === undefined ? '' : `.dev${dev}`,
    local ? `+${local.join('.')}` : '',
  ].join('');
}

/** The version in the one way to write it, or as it is where it is none. */
export const normalVersion = (text: string): string => parseVersion(text)?.normal ?? text;

/** Whether two spellings mean one version; trailing zeros of a release say nothing. */
export function sameVersion(a: string, b: string): boolean {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  return left && right ? compare(left, right) === 0 : a === b;
}

/** In the order of PEP 440; what is no version comes first, by its characters. */
export function sortVersions(versions: Iterable<string>): readonly string[] {
  return Array.from(versions, (text) => ({ text, parsed: parseVersion(text) }))
    .sort((a, b) => {
      const byText = Number(a.text > b.text) - Number(a.text < b.text);
      if (a.parsed && b.parsed) return compare(a.parsed, b.parsed) || byText;
      return Number(a.parsed !== undefined) - Number(b.parsed !== undefined) || byText;
    })
    .map(({ text }) => text);
}

function compare(a: Version, b: Version): number {
  return (
    order(a.epoch, b.epoch) ||
    compareReleases(a.release, b.release) ||
    order(rankOfPre(a), rankOfPre(b)) ||
    order(a.pre?.[1] ?? 0n, b.pre?.[1] ?? 0n) ||
    order(a.post ?? -1n, b.post ?? -1n) ||
    // A development release comes before what it leads to.
    order(Number(a.dev === undefined), Number(b.dev === undefined)) ||
    order(a.dev ?? 0n, b.dev ?? 0n) ||
    compareLocals(a.local, b.local)
  );
}

/** `1.0.dev1` comes before `1.0a1`, and `1.0` after `1.0rc1`. */
function rankOfPre({ pre, post, dev }: Version): number {
  if (pre) return { a: 1, b: 2, rc: 3 }[pre[0]];
  return post === undefined && dev !== undefined ? 0 : 4;
}

function compareReleases(a: readonly bigint[], b: readonly bigint[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = order(a[at] ?? 0n, b[at] ?? 0n);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareLocals(a: Version['local'], b: Version['local']): number {
  if (!a || !b) return order(Number(a !== undefined), Number(b !== undefined));
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const [left, right] = [a[at], b[at]];
    if (left === undefined || right === undefined) return order(a.length, b.length);
    // Numbers come after words.
    const difference =
      order(Number(typeof left === 'bigint'), Number(typeof right === 'bigint')) || order(left, right);
    if (difference !== 0) return difference;
  }
  return 0;
}

const order = <T extends bigint | number | string>(a: T, b: T): number => Number(a > b) - Number(a < b);
