import type { CleanupPolicy } from '../../../contract/client.ts';
import { usage } from '../../exit.ts';
import type { Row } from '../../grammar/command.ts';
import { isRecord } from '../../output/scalar.ts';
import { seconds } from './duration.ts';

/**
 * The policy file of gcloud: a list of `{name, action: {type}, condition | mostRecentVersions}` in which durations are
 * written `30d`. The API has the same things in a map by name, with `action` a word and durations in seconds.
 * Only the shape is read here; what a policy may say is the server's to judge.
 */
export function policiesFromFile(content: string, file: string): Record<string, CleanupPolicy> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (cause) {
    throw usage(`${file} is not JSON: ${String(cause)}`);
  }
  if (!Array.isArray(parsed)) throw usage(`${file} must hold a list of policies`);
  const policies = new Map<string, CleanupPolicy>();
  for (const [index, entry] of parsed.entries()) {
    const where = `${file}, policy ${index + 1}`;
    if (!isRecord(entry)) throw usage(`${where} is not an object`);
    const { name, action, condition, mostRecentVersions, ...others } = entry;
    if (typeof name !== 'string' || name === '') throw usage(`${where} has no name`);
    if (policies.has(name)) throw usage(`${file} has two policies named ${name}`);
    const [extra] = Object.keys(others);
    if (extra !== undefined) throw usage(`${where} (${name}) has an unknown field ${extra}`);
    const type = isRecord(action) ? action['type'] : action;
    if (typeof type !== 'string') throw usage(`${where} (${name}) has no action.type; write Delete or Keep`);
    policies.set(name, {
      id: name,
      action: type.toUpperCase(),
      ...(condition === undefined ? {} : { condition: conditionFrom(condition, `${where} (${name})`) }),
      ...(mostRecentVersions === undefined ? {} : { mostRecentVersions }),
    } as CleanupPolicy);
  }
  return Object.fromEntries(policies);
}

const AGES = new Set(['olderThan', 'newerThan', 'notPulledFor', 'pulledWithin']);

function conditionFrom(condition: unknown, where: string): Row {
  if (!isRecord(condition)) throw usage(`${where}: condition is not an object`);
  const { versionAge, ...fields } = condition;
  const aged = versionAge === undefined ? fields : { ...fields, olderThan: versionAge };
  return Object.fromEntries(
    Object.entries(aged).map(([key, value]) => {
      if (AGES.has(key)) return [key, seconds(value, `${where}: ${key}`)];
      return [key, key === 'tagState' && typeof value === 'string' ? value.toUpperCase() : value];
    }),
  );
}

export function policyForFile(id: string, { action, condition, mostRecentVersions }: CleanupPolicy): Row {
  return {
    name: id,
    action: { type: action ?? 'ACTION_UNSPECIFIED' },
    ...(condition === undefined ? {} : { condition }),
    ...(mostRecentVersions === undefined ? {} : { mostRecentVersions }),
  };
}
