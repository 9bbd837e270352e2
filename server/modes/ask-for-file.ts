import type { FileRef } from '../core/catalog.ts';
import type { FormatUpstream } from '../core/format.ts';
import type { Upstream, UpstreamAnswer, UpstreamRequest } from '../core/upstream.ts';

interface Asking {
  readonly upstream: Upstream;
  readonly format: Pick<FormatUpstream, 'isFile'>;
}

/** Asks an upstream for a file. What it has instead of one, such as a page about a folder, is no file. */
export async function askForFile(
  { upstream, format }: Asking,
  ref: FileRef,
  request: UpstreamRequest,
): Promise<UpstreamAnswer> {
  const answer = await upstream.fetch(request);
  if (answer.kind !== 'found' || (format.isFile?.(answer, ref) ?? true)) return answer;
  await answer.body.cancel();
  return { kind: 'missing' };
}
