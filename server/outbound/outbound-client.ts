import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { RegistryError } from '../core/error.ts';
import type { Outbound, OutboundAnswer, OutboundRequest } from '../core/outbound.ts';
import { isMetadata, isPublic } from './addresses.ts';
import { type AllowedHost, isAllowed, portOf } from './allowed-hosts.ts';
import { type Address, broken, exchange } from './exchange.ts';
import { Turns } from './turns.ts';

export type Resolve = (hostname: string) => Promise<readonly Address[]>;

interface OutboundOptions {
  /** The operator's list: hosts whose addresses need not be public. */
  readonly allowed: readonly AllowedHost[];
  /** All addresses of a name. */
  readonly resolve?: Resolve;
  /** Certificates to believe instead of the system's, PEM. */
  readonly ca?: string;
}

const REDIRECTS = 5;
const TOTAL_MS = 30_000;
const REDIRECTING = new Set([301, 302, 303, 307, 308]);
/** What may follow a redirect to another origin. */
const HARMLESS = new Set(['accept', 'user-agent']);

export class OutboundClient implements Outbound {
  readonly #options: OutboundOptions;
  readonly #turns: Turns;

  constructor(options: OutboundOptions, turns = new Turns()) {
    this.#options = options;
    this.#turns = turns;
  }

  /** The same client, for what the operator has named in a setting of its own and so allowed. */
  allowing(origin: URL): OutboundClient {
    const named = { hostname: origin.hostname, port: portOf(origin) };
    return new OutboundClient({ ...this.#options, allowed: [...this.#options.allowed, named] }, this.#turns);
  }

  async fetch(url: URL, request: OutboundRequest): Promise<OutboundAnswer> {
    const late = AbortSignal.timeout(request.timeoutMs ?? TOTAL_MS);
    let [at, sent] = [new URL(url), request];
    for (let redirects = 0; ; redirects += 1) {
      const answer = await this.#ask(at, sent, late);
      const target = redirectTarget(at, sent, answer);
      if (!target) return { ...answer, url: at };
      if (redirects === REDIRECTS) throw broken(url, `it redirects more than ${REDIRECTS} times`);
      if (at.protocol === 'https:' && target.protocol !== 'https:')
        throw forbidden(target, 'a redirect leads there from https');
      if (at.origin !== target.origin) sent = { ...sent, headers: harmless(sent.headers) };
      at = target;
    }
  }

  async #ask(url: URL, request: OutboundRequest, late: AbortSignal) {
    checkForm(url);
    using _ = await this.#turns.of(url.host, late).catch(() => {
      throw slow(url);
    });
    const addresses = await this.#addresses(url, late);
    const { ca } = this.#options;
    return exchange({ url, addresses, request, late, ...(ca !== undefined && { ca }) });
  }

  /** Where to connect to. One address that may not be reached spoils a name: it would be next when the others fail. */
  async #addresses(url: URL, late: AbortSignal): Promise<readonly Address[]> {
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const family = isIP(host);
    const addresses = family === 0 ? await this.#resolved(url, late) : [{ address: host, family }];
    const allowed = isAllowed(this.#options.allowed, url);
    const wrong = addresses.some(({ address }) => isMetadata(address) || !(allowed || isPublic(address)));
    if (!wrong) return addresses;
    const port = portOf(url);
    throw forbidden(
      url,
      'it is not on the public internet; if it is meant to be used, whoever runs this server can allow it with ' +
        `--allow-upstream-hosts ${url.hostname}:${port}`,
    );
  }

  async #resolved(url: URL, late: AbortSignal): Promise<readonly Address[]> {
    const resolve = this.#options.resolve ?? resolveByDns;
    const gaveUp = Promise.withResolvers<never>();
    const giveUp = (): void => gaveUp.reject(slow(url));
    late.addEventListener('abort', giveUp, { once: true });
    try {
      const addresses = await Promise.race([resolve(url.hostname), gaveUp.promise]);
      if (addresses.length > 0) return addresses;
    } catch (cause) {
      if (cause instanceof RegistryError) throw cause;
      throw broken(url, 'its name is not known', cause);
    } finally {
      late.removeEventListener('abort', giveUp);
    }
    throw broken(url, 'its name is not known');
  }
}

const resolveByDns: Resolve = (hostname) => lookup(hostname, { all: true });

function checkForm(url: URL): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw forbidden(url, 'only http and https are spoken');
  if (url.username !== '' || url.password !== '')
    throw forbidden(url, 'a user name or password does not belong in a URL');
}

function redirectTarget(
  at: URL,
  { method = 'GET' }: OutboundRequest,
  { status, headers }: Pick<OutboundAnswer, 'status' | 'headers'>,
): URL | undefined {
  if (!REDIRECTING.has(status) || (method !== 'GET' && method !== 'HEAD')) return undefined;
  const location = headers.get('location');
  const target = location === null ? null : URL.parse(location, at.href);
  if (!target) throw broken(at, 'it redirects to nowhere');
  return target;
}

const harmless = (headers: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => HARMLESS.has(name.toLowerCase())));

const forbidden = (url: URL, why: string): RegistryError =>
  new RegistryError('FAILED_PRECONDITION', 'UPSTREAM_FORBIDDEN', `${url.host} is not asked: ${why}`);

const slow = (url: URL): RegistryError =>
  new RegistryError('DEADLINE_EXCEEDED', 'UPSTREAM_SLOW', `${url.host} did not answer in time`);
