import { RegistryError } from '../core/error.ts';
import type { UpstreamAnswer, UpstreamFound } from '../core/upstream.ts';

/** The body that was asked for without a condition. Throws what `absent` makes where the upstream has none. */
export function requireFound(answer: UpstreamAnswer, absent: () => RegistryError): UpstreamFound {
  if (answer.kind === 'found') return answer;
  if (answer.kind === 'missing') throw absent();
  throw new RegistryError('UNAVAILABLE', 'UPSTREAM_BROKEN', 'the upstream answers what it was not asked');
}
