import {
  type CleanupCondition,
  type CleanupPolicies,
  type CleanupPolicy,
  PULLS_NOTED_MS,
  type VersionFact,
} from '../core/cleanup.ts';

/** A policy that is ready to be asked about the versions of one package at one time. */
export interface ReadyPolicy {
  readonly id: string;
  readonly action: 'DELETE' | 'KEEP';
  /** Of those that match, only so many of the newest. */
  readonly newest?: number;
  matches(version: VersionFact): boolean;
}

/** Whether a package with this name is asked about by any of the prefixes; no prefixes ask about all. */
const begins = (text: string, prefixes: readonly string[] = []): boolean =>
  prefixes.length === 0 || prefixes.some((prefix) => text.startsWith(prefix));

/** Milliseconds of a duration such as `2592000s`. */
export const durationMs = (text: string): number => Number(text.slice(0, -1)) * 1000;

/** The policies that have a say about a package. */
export function readyPolicies(policies: CleanupPolicies, pkg: string, now: number): readonly ReadyPolicy[] {
  return Object.entries(policies).flatMap(([id, policy]) => {
    const { action, mostRecentVersions: recent } = policy;
    if ((action !== 'DELETE' && action !== 'KEEP') || !concerns(policy, pkg)) return [];
    // Counts are for keeping; nobody gets to store another.
    if (action === 'DELETE' && recent) return [];
    const newest = recent && { newest: recent.keepCount ?? 0 };
    return [{ id, action, ...newest, matches: matcher(policy.condition ?? {}, now) }];
  });
}

const concerns = ({ condition, mostRecentVersions }: CleanupPolicy, pkg: string): boolean =>
  begins(pkg, condition?.packageNamePrefixes) && begins(pkg, mostRecentVersions?.packageNamePrefixes);

function matcher(condition: CleanupCondition, now: number): ReadyPolicy['matches'] {
  const {
    tagState,
    tagPrefixes = [],
    versionNamePrefixes,
    olderThan,
    newerThan,
    notPulledFor,
    pulledWithin,
  } = condition;
  const before = olderThan === undefined ? Number.POSITIVE_INFINITY : now - durationMs(olderThan);
  const after = newerThan === undefined ? Number.NEGATIVE_INFINITY : now - durationMs(newerThan);
  // What was pulled since that is not noted stays.
  const unused = notPulledFor === undefined ? undefined : now - durationMs(notPulledFor) - PULLS_NOTED_MS;
  const used = pulledWithin === undefined ? undefined : now - durationMs(pulledWithin) - PULLS_NOTED_MS;
  return ({ version, tags, createdAt, pulledAt }) =>
    createdAt < before &&
    createdAt > after &&
    (unused === undefined ||
      (pulledAt === undefined ? createdAt < unused + PULLS_NOTED_MS : pulledAt < unused)) &&
    (used === undefined || (pulledAt !== undefined && pulledAt > used)) &&
    (tagState !== 'TAGGED' || tags.length > 0) &&
    (tagState !== 'UNTAGGED' || tags.length === 0) &&
    (tagPrefixes.length === 0 || tags.some((tag) => begins(tag, tagPrefixes))) &&
    begins(version, versionNamePrefixes);
}
