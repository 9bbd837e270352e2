import semver from 'semver';
import { invalid } from '../../core/error.ts';

const LONGEST_TAG = 128;
/** What begins so is no range, and finding that out by reading it as one takes a while. */
const NO_RANGE = /^[a-uwyz]/i;

/** A version as https://semver.org writes it: no `v`, nothing left out. VERSION_INVALID for others. */
export function exactVersion(text: string): string {
  const parsed = semver.parse(text);
  if (parsed && written(parsed) === text) return text;
  const shown = text.slice(0, 140);
  throw invalid(
    'VERSION_INVALID',
    `${JSON.stringify(shown)} is not a version: write one such as 1.2.3 or 1.2.3-rc.1`,
    {
      version: shown,
    },
  );
}

/**
 * The version without its build metadata. Clients do not tell versions apart that agree in this, so of them only one can
 * be published.
 */
export const withoutBuild = (version: string): string => semver.parse(version)?.version ?? version;

/** A tag's name. TAG_INVALID for what a client would read as a version or a range of them. */
export function distTag(text: string): string {
  const why = problemOf(text);
  if (why === undefined) return text;
  const shown = text.slice(0, 140);
  throw invalid('TAG_INVALID', `${JSON.stringify(shown)} is not a tag: ${why}`, { tag: shown });
}

function problemOf(text: string): string | undefined {
  if (text === '' || text.length > LONGEST_TAG || !/^[\w.~!*'()-]+$/.test(text))
    return `use up to ${LONGEST_TAG} letters, digits, '.', '_' and '-'`;
  if (!NO_RANGE.test(text) && semver.validRange(text) !== null)
    return 'it must not look like a version or a range of versions';
  return undefined;
}

interface Ranked {
  readonly text: string;
  readonly parsed: semver.SemVer | null;
}

/** In the order of semver.org, build metadata last; what old upstreams call a version and is none comes first. */
export const sortVersions = (versions: Iterable<string>): readonly string[] =>
  Array.from(versions, ranked)
    .sort(compare)
    .map(({ text }) => text);

/** What `latest` means when nobody says: the highest release, else the highest of all. Nothing of nothing. */
export function latestOf(versions: Iterable<string>): string | undefined {
  let best: Ranked | undefined;
  for (const version of versions) {
    const next = ranked(version);
    if (!best || (rankOf(next) - rankOf(best) || compare(next, best)) > 0) best = next;
  }
  return best?.text;
}

/** Releases that are not higher than a version. */
export function notAbove(version: string, versions: Iterable<string>): readonly string[] {
  const highest = ranked(version);
  return [...versions].filter((text) => {
    const one = ranked(text);
    return rankOf(one) === 2 && compare(one, highest) <= 0;
  });
}

const ranked = (text: string): Ranked => ({ text, parsed: semver.parse(text, true) });

function rankOf({ parsed }: Ranked): number {
  if (!parsed) return 0;
  return parsed.prerelease.length > 0 ? 1 : 2;
}

function compare(a: Ranked, b: Ranked): number {
  const byText = Number(a.text > b.text) - Number(a.text < b.text);
  if (a.parsed && b.parsed) return a.parsed.compare(b.parsed) || a.parsed.compareBuild(b.parsed) || byText;
  return Number(a.parsed !== null) - Number(b.parsed !== null) || byText;
}

const written = ({ version, build }: semver.SemVer): string =>
  build.length === 0 ? version : `${version}+${build.join('.')}`;
