import type { RegistryError } from '../core/error.ts';
import type { Outbound, OutboundAnswer, OutboundRequest } from '../core/outbound.ts';
import { type AllowedHost, isAllowed, portOf } from './allowed-hosts.ts';
import { answerOf, discard, type OpenAnswer, type OpenRequest } from './answer.ts';
import { CODINGS } from './answer-body.ts';
import { Connections } from './connections.ts';
import type { EgressProxy } from './egress-proxy.ts';
import { exchange, type Patience } from './exchange.ts';
import { broken, busy, forbidden, slow } from './failures.ts';
import { Reachable, type Resolve } from './reachable.ts';
import { Turns } from './turns.ts';

interface OutboundOptions {
  /** The operator's list: hosts whose addresses need not be public. They are never asked through a proxy. */
  readonly allowed: readonly AllowedHost[];
  /** Hosts that a setting of their own names, whose addresses need not be public either. */
  readonly named?: readonly AllowedHost[];
  /** What all others are asked through. It resolves their names, so of those only the best known are refused. */
  readonly proxy?: EgressProxy;
  /** All addresses of a name. */
  readonly resolve?: Resolve;
  /** Certificates to believe besides the system's, PEM. */
  readonly ca?: string;
  readonly patience?: Partial<Patience>;
}

const REDIRECTS = 5;
const TOTAL_MS = 30_000;
const PATIENCE: Patience = { connectMs: 10_000, headersMs: 30_000, idleMs: 30_000 };
const REDIRECTING = new Set([301, 302, 303, 307, 308]);
/** What may follow a redirect to another origin: what says nothing of who asks, and what ends a redirect to ourselves. */
const HARMLESS = new Set([
  'accept',
  'cdn-loop',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'range',
  'user-agent',
]);

export class OutboundClient implements Outbound, Disposable {
  readonly #options: OutboundOptions;
  readonly #turns: Turns;
  readonly #reachable: Reachable;
  readonly #connections: Connections;
  readonly #patience: Patience;

  constructor(options: OutboundOptions, turns = new Turns()) {
    this.#options = options;
    this.#turns = turns;
    this.#patience = { ...PATIENCE, ...options.patience };
    this.#reachable = new Reachable({ ...options, allowed: [...options.allowed, ...(options.named ?? [])] });
    this.#connections = new Connections({ ...options, ...this.#patience });
  }

  /** The same client, for what the operator has named in a setting of its own and so allowed. */
  allowing(origin: URL): OutboundClient {
    const named = { hostname: origin.hostname, port: portOf(origin) };
    return new OutboundClient(
      { ...this.#options, named: [...(this.#options.named ?? []), named] },
      this.#turns,
    );
  }

  async fetch(url: URL, request: OutboundRequest): Promise<OutboundAnswer> {
    const { body, status, headers, ...answer } = await this.open(url, { timeoutMs: TOTAL_MS, ...request });
    return { status, headers, body: new Uint8Array(await new Response(body).arrayBuffer()), url: answer.url };
  }

  /** As `fetch`, but answers as soon as the headers are there. Without `timeoutMs` a body may take as long as it gets on. */
  async open(url: URL, request: OpenRequest): Promise<OpenAnswer> {
    const late = request.timeoutMs === undefined ? undefined : AbortSignal.timeout(request.timeoutMs);
    let [at, sent] = [new URL(url), request];
    for (let redirects = 0; ; redirects += 1) {
      const answer = await this.#ask(at, sent, late);
      if (!isRedirect(sent, answer.status)) return answer;
      await discard(answer.body);
      const target = targetOf(at, answer);
      if (redirects === REDIRECTS) throw broken(url, `it redirects more than ${REDIRECTS} times`);
      if (at.protocol === 'https:' && target.protocol !== 'https:')
        throw forbidden(target, 'a redirect leads there from https');
      if (at.origin !== target.origin) sent = { ...sent, headers: harmless(sent.headers) };
      at = target;
    }
  }

  /** Closes the connections that were kept. */
  [Symbol.dispose](): void {
    this.#connections[Symbol.dispose]();
  }

  async #ask(url: URL, request: OpenRequest, late?: AbortSignal): Promise<OpenAnswer> {
    const proxy = isAllowed(this.#options.allowed, url) ? undefined : this.#options.proxy;
    this.#reachable.check(url, proxy !== undefined);
    const turn = await this.#turns.of(url.host, late).catch(() => {
      throw late?.aborted === true ? slow(url) : busy(url);
    });
    const within = late && { late };
    try {
      const message = await exchange({
        url,
        request,
        acceptEncoding: request.compressed === true ? CODINGS : 'identity',
        way: (keep) =>
          proxy
            ? this.#connections.proxied(url, keep, proxy)
            : this.#connections.direct(url, keep, this.#reachable.lookup(url)),
        patience: this.#patience,
        ...within,
      });
      const passed = isRedirect(request, message.statusCode);
      const ended = (failure?: RegistryError): void => {
        turn[Symbol.dispose]();
        if (!passed) request.ended?.(failure);
      };
      return await answerOf(message, { url, request, idleMs: this.#patience.idleMs, ended, ...within });
    } catch (failure) {
      turn[Symbol.dispose]();
      throw failure;
    }
  }
}

const isRedirect = ({ method = 'GET' }: OutboundRequest, status = 0): boolean =>
  REDIRECTING.has(status) && (method === 'GET' || method === 'HEAD');

function targetOf(at: URL, { headers }: OpenAnswer): URL {
  const location = headers.get('location');
  const target = location === null ? null : URL.parse(location, at.href);
  if (!target) throw broken(at, 'it redirects to nowhere');
  return target;
}

const harmless = (headers: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => HARMLESS.has(name.toLowerCase())));
