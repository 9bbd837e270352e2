import type { IncomingMessage } from 'node:http';
import { RegistryError } from '../core/error.ts';
import type { OutboundRequest } from '../core/outbound.ts';
import type { Way } from './connections.ts';
import { proxyFailure, refusedByProxy } from './egress-proxy.ts';
import { TransientFailure, slow } from './failures.ts';

/** Milliseconds. */
export interface Patience {
  /** Until a connection is there, its name resolved and its certificate checked. */
  readonly connectMs: number;
  /** From then on until the headers of the answer are there. */
  readonly headersMs: number;
  /** Between two pieces of a body. */
  readonly idleMs: number;
}

interface ExchangeOptions {
  readonly url: URL;
  readonly request: Pick<OutboundRequest, 'method' | 'headers' | 'body'>;
  readonly acceptEncoding: string;
  /** Over a connection that may be kept, or over one of its own. */
  readonly way: (keep: boolean) => Way;
  readonly patience: Patience;
  readonly late?: AbortSignal;
}

const LONGEST_HEADERS = 64 * 1024;
const CONNECTION_FAILED = 'the connection failed';

/** Sends a request and answers when the headers of its answer are there. */
export async function exchange(options: ExchangeOptions): Promise<IncomingMessage> {
  const { method = 'GET' } = options.request;
  const repeatable = method === 'GET' || method === 'HEAD';
  const sent = await send(options, repeatable);
  if (sent !== 'closed meanwhile') return sent;
  const again = await send(options, false);
  if (again !== 'closed meanwhile') return again;
  throw new TransientFailure(options.url, CONNECTION_FAILED);
}

/** A kept connection may be closed by the other side just when it is used; that says nothing of the other side. */
function send(options: ExchangeOptions, keep: boolean): Promise<IncomingMessage | 'closed meanwhile'> {
  const { url, request, patience, late } = options;
  const { method = 'GET', headers = {}, body } = request;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage | 'closed meanwhile'>();
  const way = options.way(keep);
  const outgoing = way.start(way.url, {
    ...way.options,
    method,
    headers: {
      'user-agent': 'entrepot',
      ...headers,
      'accept-encoding': options.acceptEncoding,
      ...way.headers,
    },
    maxHeaderSize: LONGEST_HEADERS,
  });
  const giveUp = (): void => void outgoing.destroy(slow(url));
  let timer = setTimeout(giveUp, patience.connectMs);
  const connected = (): void => {
    clearTimeout(timer);
    timer = setTimeout(giveUp, patience.headersMs);
  };
  const settled = (): void => {
    clearTimeout(timer);
    late?.removeEventListener('abort', giveUp);
  };
  late?.addEventListener('abort', giveUp, { once: true });
  if (late?.aborted === true) giveUp();
  outgoing.on('socket', (socket) => {
    if (!socket.connecting) return connected();
    socket.once(way.url.protocol === 'https:' ? 'secureConnect' : 'connect', connected);
  });
  outgoing.on('response', (message) => {
    settled();
    if (message.statusCode !== 407 || !way.isProxy) return resolve(message);
    message.destroy();
    reject(refusedByProxy(url, 407));
  });
  outgoing.on('error', (cause) => {
    settled();
    if (cause instanceof RegistryError) reject(cause);
    else if (keep && outgoing.reusedSocket) resolve('closed meanwhile');
    else reject(way.isProxy ? proxyFailure(url, cause) : new TransientFailure(url, CONNECTION_FAILED, cause));
  });
  outgoing.end(body);
  return promise;
}
