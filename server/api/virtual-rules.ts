import type { VirtualRepositoryConfig } from '../../contract/schemas/remote.ts';
import { repositoryAddress } from '../core/repository.ts';
import { wrongConfig } from './config-refusal.ts';

const CONFIG = 'virtualRepositoryConfig';
/** cloud.google.com/artifact-registry/quotas */
const MOST_POLICIES = 30;
const LONGEST_ID = 128;

/** Refuses what cannot be, without looking at the repositories that it names. */
export function checkVirtual({ upstreamPolicies = [], writeRepository }: VirtualRepositoryConfig): void {
  const at = `${CONFIG}.upstreamPolicies`;
  if (upstreamPolicies.length > MOST_POLICIES)
    throw wrongConfig(
      at,
      `there are ${upstreamPolicies.length} upstreamPolicies; at most ${MOST_POLICIES} are possible`,
    );
  const ids = new Set<string>();
  const members = new Set<string>();
  for (const [index, { id = '', repository = '' }] of upstreamPolicies.entries()) {
    const which = `upstreamPolicies[${index}]`;
    if (id === '' || id.length > LONGEST_ID)
      throw wrongConfig(`${at}[${index}].id`, `${which} needs an id of up to ${LONGEST_ID} characters`);
    if (ids.has(id)) throw wrongConfig(`${at}[${index}].id`, `two upstreamPolicies have the id ${id}`);
    if (!repositoryAddress(repository))
      throw wrongConfig(
        `${at}[${index}].repository`,
        `${which} (${id}) must name a repository as projects/P/locations/L/repositories/R`,
      );
    if (members.has(repository))
      throw wrongConfig(`${at}[${index}].repository`, `two upstreamPolicies name ${repository}`);
    ids.add(id);
    members.add(repository);
  }
  if (writeRepository !== undefined && writeRepository !== '' && !members.has(writeRepository))
    throw wrongConfig(
      `${CONFIG}.writeRepository`,
      'writeRepository must be one of the repositories that upstreamPolicies name',
    );
}
