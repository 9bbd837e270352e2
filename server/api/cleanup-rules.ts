import type { CleanupPolicy } from '../../contract/schemas/cleanup.ts';
import { invalid } from '../core/error.ts';

const MOST_POLICIES = 10;
const LONGEST_ID = 127;

/** Holds cleanup policies to their rules (facts: cleanup policies; product.md 6) and writes each id into its policy. */
export function checkedPolicies(
  policies: Readonly<Record<string, CleanupPolicy>>,
): Readonly<Record<string, CleanupPolicy>> {
  const entries = Object.entries(policies);
  if (entries.length > MOST_POLICIES) throw refusal(`a repository has at most ${MOST_POLICIES} policies`);
  return Object.fromEntries(entries.map(([id, policy]) => [id, checked(id, policy)]));
}

function checked(id: string, policy: CleanupPolicy): CleanupPolicy {
  const { action = 'ACTION_UNSPECIFIED', condition, mostRecentVersions: recent } = policy;
  if (id === '' || id.length > LONGEST_ID) throw refusal(`a policy id has 1 to ${LONGEST_ID} characters`);
  if (policy.id !== undefined && policy.id !== '' && policy.id !== id)
    throw refusal(`policy ${id} says that its id is ${policy.id}`);
  if (action === 'ACTION_UNSPECIFIED') throw refusal(`policy ${id} needs an action, DELETE or KEEP`);

  const asks = condition && asksSomething(condition);
  if (!asks && !recent) throw refusal(`policy ${id} is missing a condition`);
  if (recent && action !== 'KEEP')
    throw refusal(`policy ${id} has most_recent_versions, which only KEEP takes`);
  if (recent && (recent.keepCount ?? 0) < 1) throw refusal(`policy ${id} needs a keep_count of at least 1`);
  if (condition) checkCondition(id, condition);
  if (recent) checkPrefixes(id, recent);
  return { ...policy, id };
}

function checkCondition(id: string, condition: NonNullable<CleanupPolicy['condition']>): void {
  const { tagState, tagPrefixes = [], olderThan, newerThan, notPulledFor, pulledWithin } = condition;
  checkPrefixes(id, condition);
  if (tagState === 'UNTAGGED' && tagPrefixes.length > 0)
    throw refusal(`policy ${id} has tag_prefixes, which no untagged version matches`);
  for (const age of [olderThan, newerThan, notPulledFor, pulledWithin])
    if (age?.startsWith('-')) throw refusal(`policy ${id} has a negative age`);
  if (olderThan !== undefined && newerThan !== undefined && seconds(olderThan) >= seconds(newerThan))
    throw refusal(
      `policy ${id} matches nothing: no version is older than ${olderThan} and newer than ${newerThan}`,
    );
  if (
    notPulledFor !== undefined &&
    pulledWithin !== undefined &&
    seconds(notPulledFor) >= seconds(pulledWithin)
  )
    throw refusal(
      `policy ${id} matches nothing: no version is not pulled for ${notPulledFor} and pulled within ${pulledWithin}`,
    );
}

type Condition = NonNullable<CleanupPolicy['condition']>;
type Prefixes = Pick<Condition, 'tagPrefixes' | 'versionNamePrefixes' | 'packageNamePrefixes'>;

/** Lists without entries and unspecified words say nothing, and a policy of nothing else would match everything. */
const asksSomething = (condition: Condition): boolean =>
  Object.values(condition).some(
    (value) => value !== 'TAG_STATE_UNSPECIFIED' && (typeof value === 'string' || value.length > 0),
  );

const prefixesOf = ({ tagPrefixes, versionNamePrefixes, packageNamePrefixes }: Prefixes): readonly string[] =>
  [tagPrefixes, versionNamePrefixes, packageNamePrefixes].flatMap((prefixes = []) => prefixes);

function checkPrefixes(id: string, named: Prefixes): void {
  if (prefixesOf(named).includes(''))
    throw refusal(`policy ${id} has an empty prefix, which everything begins with`);
}

const seconds = (duration: string): number => Number(duration.slice(0, -1));

/** What policies mean that nobody can have meant: sentences for whoever sets them. */
export function warningsAbout(policies: Readonly<Record<string, CleanupPolicy>> = {}): readonly string[] {
  const all = Object.values(policies);
  return all.length === 0 ? [] : [...aboutPrefixes(all), ...aboutAll(all)];
}

/** Elsewhere an asterisk stands for any text, so somebody may believe in what is kept by one. */
const aboutPrefixes = (all: readonly CleanupPolicy[]): readonly string[] =>
  all.flatMap(({ id = '', condition = {}, mostRecentVersions = {} }) =>
    [...prefixesOf(condition), ...prefixesOf(mostRecentVersions)]
      .filter((prefix) => prefix.includes('*'))
      .map(
        (prefix) =>
          `cleanup policy ${id} asks for names that begin with ${prefix}, asterisk and all: prefixes are no patterns, so leave it out`,
      ),
  );

function aboutAll(all: readonly CleanupPolicy[]): readonly string[] {
  const deleting = all.filter(({ action }) => action === 'DELETE');
  if (deleting.length === 0)
    return ['these cleanup policies only keep, so nothing is ever deleted: add one with the action DELETE'];
  const keepsAll = all.find(
    ({ action, condition, mostRecentVersions }) =>
      action === 'KEEP' && !mostRecentVersions && condition !== undefined && matchesAll(condition),
  );
  if (keepsAll)
    return [`cleanup policy ${keepsAll.id ?? ''} keeps every version, so nothing is ever deleted: narrow it`];
  const boundless = deleting.find(({ condition }) => condition && matchesAll(condition));
  if (!boundless || deleting.length < all.length) return [];
  return [
    `cleanup policy ${boundless.id ?? ''} deletes every version, and no policy keeps any: add one with the action KEEP`,
  ];
}

const matchesAll = ({
  tagState = 'ANY',
  olderThan = '0s',
  newerThan,
  notPulledFor,
  pulledWithin,
  ...lists
}: Condition): boolean =>
  notPulledFor === undefined &&
  pulledWithin === undefined &&
  tagState !== 'TAGGED' &&
  tagState !== 'UNTAGGED' &&
  seconds(olderThan) === 0 &&
  newerThan === undefined &&
  Object.values(lists).every((prefixes) => prefixes.length === 0);

const refusal = (why: string) =>
  invalid('CLEANUP_POLICY_INVALID', `invalid cleanup policy: generic::invalid_argument: ${why}`, {
    field: 'cleanup_policies',
  });
