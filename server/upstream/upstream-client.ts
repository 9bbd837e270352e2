import type { Upstream, UpstreamAnswer, UpstreamHealth, UpstreamRequest } from '../core/upstream.ts';
import { discard, type OpenAnswer } from '../outbound/answer.ts';
import { broken } from '../outbound/failures.ts';
import type { UpstreamAddress } from './address.ts';
import type { Authorization } from './authorization.ts';
import type { Origin } from './origin.ts';
import { resultOf } from './result.ts';

interface UpstreamClientOptions {
  readonly address: UpstreamAddress;
  readonly authorization: Authorization;
  /** The one that a URL is of. */
  readonly originOf: (url: URL) => Origin;
}

/** What other origins are told, too: what is wanted, and by way of what it is asked for, or nobody would notice a circle. */
const ELSEWHERE = new Set(['accept', 'cdn-loop']);
/** Milliseconds for a document, which may come compressed; what is kept as it is may take as long as it gets on. */
const DOCUMENT_MS = 180_000;

export class UpstreamClient implements Upstream {
  readonly #options: UpstreamClientOptions;

  constructor(options: UpstreamClientOptions) {
    this.#options = options;
  }

  health(): UpstreamHealth {
    const { address, originOf } = this.#options;
    return originOf(address.origin).health();
  }

  async fetch(request: UpstreamRequest): Promise<UpstreamAnswer> {
    const url = this.#options.address.resolve(request.target);
    const answer = await resultOf(url, request, await this.#authorized(url, request));
    if (answer !== 'restart') return answer;
    const { from: _, ...whole } = request;
    const again = await resultOf(url, whole, await this.#authorized(url, whole));
    if (again === 'restart') throw broken(url, 'it does not know what it has');
    return again;
  }

  /** Shows the credentials to the upstream itself, and takes up what it asks for, once. */
  async #authorized(url: URL, request: UpstreamRequest): Promise<OpenAnswer> {
    const { address, authorization } = this.#options;
    if (!address.isOwn(url)) return this.#ask(url, request, undefined);
    const shown = await authorization.header(url);
    const answer = await this.#ask(url, request, shown);
    if (answer.status !== 401 || !address.isOwn(answer.url)) return answer;
    const challenges = answer.headers.get('www-authenticate');
    const other = await authorization.challenged(url, challenges, shown);
    if (other === undefined) return answer;
    await discard(answer.body);
    return this.#ask(url, request, other);
  }

  #ask(url: URL, request: UpstreamRequest, authorization: string | undefined): Promise<OpenAnswer> {
    const { method = 'GET', body, maxBytes, from, compressed = false } = request;
    return this.#options.originOf(url).ask(url, {
      method,
      headers: headersOf(request, this.#options.address.isOwn(url), authorization),
      ...(body && { body }),
      maxBytes,
      // The rest of a compressed body could not be decoded.
      ...(compressed && { compressed: from === undefined, timeoutMs: DOCUMENT_MS }),
    });
  }
}

function headersOf(
  { headers = {}, validators = {}, from }: UpstreamRequest,
  own: boolean,
  authorization: string | undefined,
): Readonly<Record<string, string>> {
  const said = Object.entries(headers).filter(([name]) => own || ELSEWHERE.has(name.toLowerCase()));
  return {
    ...Object.fromEntries(said),
    ...(from ? rangeOf(from) : conditionsOf(validators)),
    ...(authorization !== undefined && { authorization }),
  };
}

/** A weak validator cannot say that bytes are the same (RFC 9110 13.1.5), so then all of them are asked for. */
const rangeOf = ({
  offset,
  ifRange,
}: NonNullable<UpstreamRequest['from']>): Readonly<Record<string, string>> =>
  ifRange?.startsWith('W/') === true || offset === 0
    ? {}
    : { range: `bytes=${offset}-`, ...(ifRange !== undefined && { 'if-range': ifRange }) };

const conditionsOf = ({
  etag,
  lastModified,
}: NonNullable<UpstreamRequest['validators']>): Readonly<Record<string, string>> => ({
  ...(etag !== undefined && { 'if-none-match': etag }),
  ...(lastModified !== undefined && { 'if-modified-since': lastModified }),
});
