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

  const asks = condition && Object.keys(condition).length > 0;
  if (!asks && !recent) throw refusal(`policy ${id} is missing a condition`);
  if (recent && action !== 'KEEP')
    throw refusal(`policy ${id} has most_recent_versions, which only KEEP takes`);
  if (recent && (recent.keepCount ?? 0) < 1) throw refusal(`policy ${id} needs a keep_count of at least 1`);
  if (condition) checkCondition(id, condition);
  return { ...policy, id };
}

function checkCondition(id: string, condition: NonNullable<CleanupPolicy['condition']>): void {
  const { tagState, tagPrefixes = [], olderThan, newerThan } = condition;
  if (tagState === 'UNTAGGED' && tagPrefixes.length > 0)
    throw refusal(`policy ${id} has tag_prefixes, which no untagged version matches`);
  for (const age of [olderThan, newerThan])
    if (age?.startsWith('-')) throw refusal(`policy ${id} has a negative age`);
}

const refusal = (why: string) =>
  invalid('CLEANUP_POLICY_INVALID', `invalid cleanup policy: generic::invalid_argument: ${why}`, {
    field: 'cleanup_policies',
  });
