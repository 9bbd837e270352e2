import { RegistryError } from '../core/error.ts';
import type { Upstream, UpstreamAnswer, UpstreamFound } from '../core/upstream.ts';
import { readWhole } from '../lib/read-whole.ts';

/** The body that was asked for without a condition. Throws what `absent` makes where the upstream has none. */
export function requireFound(answer: UpstreamAnswer, absent: () => RegistryError): UpstreamFound {
  if (answer.kind === 'found') return answer;
  if (answer.kind === 'missing') throw absent();
  throw unasked();
}

const unasked = (): RegistryError =>
  new RegistryError('UNAVAILABLE', 'UPSTREAM_BROKEN', 'the upstream answers what it was not asked');

/** A small file of an upstream; nothing where it has none. SIZE_LIMIT when it is larger than `limit` bytes. */
export async function fetchWhole(
  upstream: Pick<Upstream, 'fetch'>,
  target: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const answer = await upstream.fetch({ target, maxBytes: limit });
  if (answer.kind === 'missing') return undefined;
  return readWhole(requireFound(answer, unasked).body, limit, target);
}
