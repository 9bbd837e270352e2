import type { Repository } from '../../../contract/client.ts';
import type { Row } from '../../grammar/command.ts';
import { isRecord } from '../../output/scalar.ts';

/** What a repository is made of, in a sentence for a person; nothing for one of one's own. */
export function behind({ remoteRepositoryConfig, virtualRepositoryConfig }: Repository): string | undefined {
  if (remoteRepositoryConfig) {
    const { noCache, upstreamCredentials } = remoteRepositoryConfig;
    const more = [
      ...(upstreamCredentials ? ['with credentials'] : []),
      ...(noCache ? ['nothing is kept'] : []),
    ];
    const upstream = upstreamOf(remoteRepositoryConfig);
    return `Upstream: ${upstream}${more.length > 0 ? ` (${more.join(', ')})` : ''}`;
  }
  if (!virtualRepositoryConfig) return undefined;
  const { upstreamPolicies = [], writeRepository } = virtualRepositoryConfig;
  const members = upstreamPolicies.map(({ repository = '', priority = 0 }) => `${repository} (${priority})`);
  const writes = writeRepository === undefined ? '' : `; what is published goes to ${writeRepository}`;
  return `Upstreams: ${members.length > 0 ? members.join(', ') : 'none yet'}${writes}`;
}

function upstreamOf(config: NonNullable<Repository['remoteRepositoryConfig']>): string {
  for (const [field, value] of Object.entries(config as Row)) {
    if (!field.endsWith('Repository') || !isRecord(value)) continue;
    const { uri, publicRepository, customRepository } = value;
    const named =
      uri ?? publicRepository ?? (isRecord(customRepository) ? customRepository['uri'] : undefined);
    if (typeof named === 'string') return named;
  }
  return 'unknown';
}
