import { Agent as HttpAgent, request as overHttp, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as overHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { createSecureContext, getCACertificates } from 'node:tls';
import { type EgressProxy, proxyHeaders, Tunnels } from './egress-proxy.ts';

interface ConnectionOptions {
  /** Certificates to believe besides the system's, PEM. */
  readonly ca?: string;
  readonly proxy?: EgressProxy;
  /** Milliseconds that a proxy gets to connect. */
  readonly connectMs: number;
}

/** How a request gets to where it is sent. */
export interface Way {
  readonly start: typeof overHttp;
  /** Whom to connect to: the server, or the proxy. */
  readonly url: URL;
  readonly options: RequestOptions;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the answer is the proxy's own, or what it passes on. */
  readonly isProxy?: true;
}

/** After that, a connection that nobody uses is closed. */
const KEEPING = { keepAlive: true, timeout: 15_000, maxFreeSockets: 32 };
const SINGLE = { keepAlive: false };

type Kind = 'plain' | 'secure' | 'tunnels';
type Agents = Readonly<Record<Kind, HttpAgent>>;

/** Connections, some of them kept open for the next request to the same host and port. */
export class Connections implements Disposable {
  readonly #kept: Agents;
  readonly #single: Agents;

  constructor(options: ConnectionOptions) {
    // One context for all, since reading a hundred certificates takes longer than a request.
    const trust = options.ca === undefined ? {} : { secureContext: believing(options.ca) };
    const agents = (settings: typeof KEEPING | typeof SINGLE): Agents => ({
      plain: new HttpAgent(settings),
      secure: new HttpsAgent({ ...settings, ...trust }),
      tunnels: options.proxy
        ? new Tunnels({ ...settings, ...trust, proxy: options.proxy, connectMs: options.connectMs })
        : new HttpsAgent(),
    });
    this.#kept = agents(KEEPING);
    this.#single = agents(SINGLE);
  }

  /** Straight to the addresses that `lookup` finds, over a connection that is there when it may be kept. */
  direct(url: URL, keep: boolean, lookup: LookupFunction): Way {
    const isSecure = url.protocol === 'https:';
    const agent = this.#agents(keep)[isSecure ? 'secure' : 'plain'];
    return { start: isSecure ? overHttps : overHttp, url, options: { agent, lookup } };
  }

  /** Through the proxy: a tunnel for https, and for http a request that names all of the URL. */
  proxied(url: URL, keep: boolean, proxy: EgressProxy): Way {
    const agents = this.#agents(keep);
    if (url.protocol === 'https:') return { start: overHttps, url, options: { agent: agents.tunnels } };
    const isSecure = proxy.url.protocol === 'https:';
    return {
      start: isSecure ? overHttps : overHttp,
      url: proxy.url,
      options: {
        agent: isSecure ? agents.secure : agents.plain,
        path: `${url.origin}${url.pathname}${url.search}`,
      },
      headers: { host: url.host, ...proxyHeaders(proxy) },
      isProxy: true,
    };
  }

  [Symbol.dispose](): void {
    for (const agents of [this.#kept, this.#single])
      for (const agent of Object.values(agents)) agent.destroy();
  }

  #agents(keep: boolean): Agents {
    return keep ? this.#kept : this.#single;
  }
}

const believing = (ca: string) => createSecureContext({ ca: [...getCACertificates('default'), ca] });
