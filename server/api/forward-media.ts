import type { Act } from '../core/audit.ts';
import type { ByteStream } from '../core/blob.ts';
import { invalid } from '../core/error.ts';
import type { Format } from '../core/format.ts';
import type { Caller } from '../core/iam.ts';
import type { RepositoryAddress } from '../core/repository.ts';
import type { FrontRequest } from '../http/front-door.ts';
import { readRelated, relatedBoundary } from '../lib/related-parts.ts';

/** A place below a repository that takes bytes by PUT. */
export interface MediaTarget {
  readonly address: RepositoryAddress;
  readonly format: Format;
  readonly path: string;
}

/** Bytes on their way to a command of a format, for a caller whose act is recorded as such. */
export interface Forwarded extends MediaTarget {
  readonly front: FrontRequest;
  readonly caller: Caller;
  readonly act: Act | undefined;
  readonly body: ByteStream;
}

export type Forward = (forwarded: Forwarded) => Promise<Response>;

/** Sends on what a request uploads: its body, or the second part of it. */
export async function forwardMedia(forward: Forward, sent: Omit<Forwarded, 'body'>): Promise<Response> {
  const { request } = sent.front;
  const encoding = request.headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity') throw invalid('CONTENT_ENCODING', 'the upload must not be compressed');
  const body = (request.body ?? new Blob([]).stream()) as ByteStream;
  const boundary = relatedBoundary(request.headers.get('content-type'));
  if (boundary === undefined) return forward({ ...sent, body });
  return readRelated(body, boundary, (_, content) => forward({ ...sent, body: content }));
}
