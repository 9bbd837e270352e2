import type { VirtualSettings } from '../core/remote-settings.ts';
import { repositoryAddress, type RepositoryAddress, type RepositoryRow } from '../core/repository.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Which of two members is asked first: the one with the lower priority, or the one with the higher, as Google has it. */
export type VirtualPriority = 'lowest-first' | 'highest-first';

/** Where two members have one priority, the one that is written first is asked first. */
export function virtualSettings(config: RepositoryRow['config'], order: VirtualPriority): VirtualSettings {
  const virtual = fieldsOf(config['virtualRepositoryConfig']);
  const policies = Array.isArray(virtual['upstreamPolicies']) ? virtual['upstreamPolicies'] : [];
  const sign = order === 'lowest-first' ? 1 : -1;
  const members = policies
    .map(fieldsOf)
    .map(({ repository, priority }) => ({
      address: addressOf(repository),
      priority: typeof priority === 'number' ? priority : 0,
    }))
    .sort((a, b) => sign * (a.priority - b.priority))
    .flatMap(({ address }) => address ?? []);
  const writes = addressOf(virtual['writeRepository']);
  return {
    members,
    ...(writes && { writes }),
    answerWithout: virtual['memberFailure'] === 'ANSWER_WITHOUT',
  };
}

const addressOf = (name: unknown): RepositoryAddress | undefined =>
  typeof name === 'string' ? repositoryAddress(name) : undefined;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? { ...value } : {};
