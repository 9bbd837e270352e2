import { request as overHttp } from 'node:http';
import { Agent as HttpsAgent, request as overHttps } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { portOf } from './allowed-hosts.ts';
import { broken, TransientFailure } from './failures.ts';

/** The operator's way out: other servers are asked through it, and names are resolved by it. */
export interface EgressProxy {
  /** Without user and password. */
  readonly url: URL;
  /** For `Proxy-Authorization`. */
  readonly authorization?: string;
}

/** `http://USER:PASSWORD@HOST:PORT` or the same with https; nothing for what is neither. */
export function parseEgressProxy(written: string): EgressProxy | undefined {
  const url = URL.parse(written);
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || /[?#]/.test(written))
    return undefined;
  const [user, password] = [decoded(url.username), decoded(url.password)];
  if (user === undefined || password === undefined) return undefined;
  if (user === '' && password === '') return { url };
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return { url: new URL(url.origin), authorization };
}

/** What a request to the proxy itself carries. */
export const proxyHeaders = ({ authorization }: EgressProxy): Readonly<Record<string, string>> =>
  authorization === undefined ? {} : { 'proxy-authorization': authorization };

interface TunnelOptions {
  readonly proxy: EgressProxy;
  readonly secureContext?: SecureContext;
  /** Milliseconds for the proxy to connect. */
  readonly connectMs: number;
  readonly keepAlive: boolean;
  readonly timeout?: number;
  readonly maxFreeSockets?: number;
}

/** What is known of a connection that is to be made. */
interface Wanted {
  readonly host?: string | null;
  readonly port?: number | string | null;
}

/** Makes connections to https servers through a proxy, which sees no more than host and port (RFC 9110 9.3.6). */
export class Tunnels extends HttpsAgent {
  readonly #options: TunnelOptions;

  constructor(options: TunnelOptions) {
    const { keepAlive, timeout, maxFreeSockets } = options;
    super({
      keepAlive,
      ...(timeout !== undefined && { timeout }),
      ...(maxFreeSockets !== undefined && { maxFreeSockets }),
    });
    this.#options = options;
  }

  override createConnection(
    { host, port }: Wanted,
    done?: (failure: Error | null, socket: Duplex) => void,
  ): null {
    const hostname = host ?? '';
    const target = new URL(`https://${isIP(hostname) === 6 ? `[${hostname}]` : hostname}:${port ?? 443}`);
    this.#through(target).then(
      (socket) => done?.(null, socket),
      (failure: Error) => done?.(failure, undefined as never),
    );
    return null;
  }

  async #through(target: URL): Promise<Duplex> {
    const { proxy, secureContext, connectMs } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
    const authority = `${target.hostname}:${portOf(target)}`;
    const start = proxy.url.protocol === 'https:' ? overHttps : overHttp;
    const asked = start(proxy.url, {
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...proxyHeaders(proxy) },
      agent: false,
      timeout: connectMs,
      ...(secureContext && proxy.url.protocol === 'https:' && { secureContext }),
    });
    asked.on('timeout', () => asked.destroy(new Error('the proxy is silent')));
    asked.on('error', (cause) => reject(proxyFailure(target, cause)));
    asked.on('connect', ({ statusCode = 0 }, socket) => {
      socket.setTimeout(0);
      if (statusCode !== 200) {
        socket.destroy();
        return reject(refusedByProxy(target, statusCode));
      }
      const name = isIP(target.hostname) === 0 ? { servername: target.hostname } : {};
      const secure = connectTls({
        socket,
        host: target.hostname,
        ...name,
        ...(secureContext && { secureContext }),
      });
      secure.setTimeout(connectMs, () => secure.destroy(new Error('the server is silent')));
      secure.once('secureConnect', () => resolve(secure.setTimeout(0)));
      secure.once('error', reject);
    });
    asked.end();
    return promise;
  }
}

/** For a status by which the proxy, and not the server behind it, refused. */
export const refusedByProxy = (url: URL, status: number): Error =>
  status === 403 || status === 407
    ? broken(url, `the egress proxy refuses (${status}): check --egress-proxy and what it allows`)
    : new TransientFailure(url, `the egress proxy answers ${status}`);

/** For a proxy that could not be asked. */
export const proxyFailure = (url: URL, cause: unknown): Error =>
  new TransientFailure(url, 'the connection to the egress proxy failed: check --egress-proxy', cause);

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
