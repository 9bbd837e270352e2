import type { Body, ByteRange } from '../core/blob.ts';
import type { FileRef } from '../core/catalog.ts';
import { carrying, RegistryError } from '../core/error.ts';
import type { OpenedFile } from '../core/repo.ts';
import { cacheHeaders, partialHeaders } from '../lib/cache-status.ts';
import { matchesEtag, parseRange } from './ranges.ts';

const YEAR = 31_536_000;

/** Told how many bytes of body go out. */
interface Trace {
  sent: number;
}

type MoreHeaders = (opened: OpenedFile) => Readonly<Record<string, string>>;

/**
 * Answers GET or HEAD from files: conditional, by range, or whole, with the same headers either way. The headers of a whole
 * answer are made once for as long as a repository gives the same opened file: making them is a third of a small answer's cost.
 */
export class FileSender {
  readonly #more: MoreHeaders;
  readonly #now: () => number;
  readonly #whole = new WeakMap<OpenedFile, Headers>();
  /** By those of a whole answer. */
  readonly #toHead = new WeakMap<Headers, Headers>();

  /** `more` says what headers its route adds to the common ones. */
  constructor(more: MoreHeaders, now: () => number) {
    this.#more = more;
    this.#now = now;
  }

  send(request: Request, opened: OpenedFile, trace: Trace): Response | Promise<Response> {
    const { size } = opened;
    const asked = request.headers;
    const headers = this.#headers(opened);
    const etag = etagOf(opened);
    if (etag !== undefined && matchesEtag(asked.get('if-none-match'), etag))
      return new Response(null, { status: 304, headers });

    const range = this.#rangeOf(asked, etag, opened);
    if (request.method === 'HEAD' && !range)
      return new Response(null, { headers: this.#described(opened, headers) });
    const all = range
      ? withHeader(headers, 'content-range', `bytes ${range.start}-${range.end}/${size}`)
      : headers;
    const status = range ? 206 : 200;
    const length = range ? range.end - range.start + 1 : size;
    if (request.method === 'HEAD')
      return new Response(null, { status, headers: withHeader(all, 'content-length', String(length)) });
    const answer = (body: Body): Response => {
      if (length !== undefined) trace.sent = length;
      // What is still growing is a stream, of which only we know how long it will be.
      const sized = body instanceof ReadableStream && length !== undefined;
      return new Response(body, {
        status,
        headers: sized ? withHeader(all, 'content-length', String(length)) : all,
      });
    };
    const body = opened.open(range);
    return body instanceof Promise ? body.then(answer) : answer(body);
  }

  /** A refusal says as much of the copy as an answer from it. */
  #rangeOf(asked: Headers, etag: string | undefined, { size, cache }: OpenedFile): ByteRange | undefined {
    try {
      return rangeOf(asked, etag, size);
    } catch (error) {
      if (!cache || !(error instanceof RegistryError)) throw error;
      throw carrying(error, cacheHeaders(cache, this.#now()));
    }
  }

  /** For HEAD, whose answer has no body that would tell how long it is. */
  #described(opened: OpenedFile, headers: Headers): Headers {
    if (opened.size === undefined) return headers;
    const known = this.#toHead.get(headers);
    if (known) return known;
    const made = withHeader(headers, 'content-length', String(opened.size));
    this.#toHead.set(headers, made);
    return made;
  }

  #headers(opened: OpenedFile): Headers {
    const known = this.#whole.get(opened);
    if (known) return known;
    const { file, cache, without } = opened;
    const etag = etagOf(opened);
    const made = new Headers({
      'content-type': file.contentType ?? 'application/octet-stream',
      ...(etag !== undefined && { etag }),
      ...(opened.size !== undefined && { 'accept-ranges': 'bytes' }),
      'cache-control': cacheControl(file),
      // Stored content is data to whoever opens it in a browser, never a page of ours.
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
      ...this.#more(opened),
      ...(cache && cacheHeaders(cache, this.#now())),
      ...(without && partialHeaders(without)),
    });
    // How old a copy is changes by the second.
    if (!cache) this.#whole.set(opened, made);
    return made;
  }
}

const etagOf = ({ digest }: OpenedFile): string | undefined =>
  digest === undefined ? undefined : `"${digest}"`;

function withHeader(headers: Headers, name: string, value: string): Headers {
  const more = new Headers(headers);
  more.set(name, value);
  return more;
}

/**
 * A range counts only while the client's copy is still the one we have (RFC 9110 13.1.5), named without quotes too,
 * as some clients name it; never weakly.
 */
function rangeOf(asked: Headers, etag: string | undefined, size: number | undefined): ByteRange | undefined {
  const range = asked.get('range');
  if (range === null || size === undefined) return undefined;
  const condition = asked.get('if-range');
  const isOurs = condition === null || condition === etag || `"${condition}"` === etag;
  return isOurs ? parseRange(range, size) : undefined;
}

function cacheControl({ freshness }: FileRef): string {
  switch (freshness) {
    case 'immutable':
      return `private, max-age=${YEAR}, immutable`;
    case 'revalidate':
      return 'private, no-cache';
    default:
      return freshness satisfies never;
  }
}
