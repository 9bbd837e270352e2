import { RegistryError } from '../core/error.ts';
import type { ByteStream } from '../core/blob.ts';
import type { UpstreamAnswer, UpstreamRequest } from '../core/upstream.ts';
import { discard, type OpenAnswer } from '../outbound/answer.ts';
import { broken, TransientFailure } from '../outbound/failures.ts';
import { parseContentRange } from './content-range.ts';

/** What an answer means for who asked. `restart` when what was to be continued is no longer the same. */
export async function resultOf(
  url: URL,
  request: UpstreamRequest,
  answer: OpenAnswer,
): Promise<UpstreamAnswer | 'restart'> {
  const { status, headers, body } = answer;
  if (status === 206 && request.from) return continued(url, request, request.from, answer);
  if (status >= 200 && status < 300 && status !== 206) return found(answer, 0, body, answer.size);
  await discard(body);
  if (status === 304 && request.validators && !request.from) return { kind: 'unchanged', headers };
  if (status === 404 || status === 410) return { kind: 'missing' };
  if (status === 416 && request.from) return 'restart';
  if (status === 401 || status === 403) throw refused(answer.url, status);
  throw broken(answer.url, `it answers ${status}`);
}

const found = (
  { headers, url }: OpenAnswer,
  offset: number,
  body: ByteStream,
  size: number | undefined,
): UpstreamAnswer => ({ kind: 'found', headers, body, offset, url, ...(size !== undefined && { size }) });

/** Nothing of another representation, and of this one all that is left. */
async function continued(
  url: URL,
  { maxBytes }: UpstreamRequest,
  from: NonNullable<UpstreamRequest['from']>,
  answer: OpenAnswer,
): Promise<UpstreamAnswer | 'restart'> {
  const range = parseContentRange(answer.headers.get('content-range'));
  const etag = answer.headers.get('etag');
  const isOther = from.ifRange?.startsWith('"') === true && etag !== null && etag !== from.ifRange;
  const refuse = async (why: string): Promise<never> => {
    await answer.body.cancel();
    throw broken(answer.url, why);
  };
  if (isOther) {
    await answer.body.cancel();
    return 'restart';
  }
  if (range?.start !== from.offset) return refuse('it sends another part than the one that was asked for');
  const length = range.end - range.start + 1;
  if (range.size !== undefined && range.end !== range.size - 1)
    return refuse('it sends less than all that is left');
  if (answer.size !== undefined && answer.size !== length)
    return refuse('its answer is not as long as the part that it says it is');
  if (range.end >= maxBytes) return refuse(`its answer is longer than ${maxBytes} bytes`);
  const body = answer.size === undefined ? ofLength(url, answer.body, length) : answer.body;
  return found(answer, range.start, body, range.size);
}

/** Where no Content-Length holds a body to its length. */
function ofLength(url: URL, body: ByteStream, length: number): ByteStream {
  let left = length;
  return body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(piece, controller) {
        left -= piece.byteLength;
        if (left < 0) throw broken(url, 'its answer is longer than the part that it says it is');
        controller.enqueue(piece);
      },
      flush() {
        if (left > 0) throw new TransientFailure(url, 'its answer is cut off');
      },
    }),
  );
}

const refused = (url: URL, status: number): RegistryError =>
  new RegistryError(
    'UNAVAILABLE',
    'UPSTREAM_REFUSED',
    `${url.host} refuses (${status}): check the credentials that are set for it`,
  );
