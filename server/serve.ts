import { readFileSync } from 'node:fs';
import type { App } from './app.ts';
import type { Config } from './config.ts';
import type { Trace } from './http/data-request.ts';
import { withoutTokens } from './http/path.ts';
import { rawPath } from './lib/raw-path.ts';
import type { Log } from './ops/log.ts';
import { storageError } from './stores/blobs/storage-error.ts';
import { takeRest } from './take-rest.ts';

/** Seconds without a byte in either direction before a connection is given up. */
const IDLE_SECONDS = 120;

interface ServeOptions {
  readonly app: App;
  readonly config: Config;
  readonly log: Log;
  readonly now: () => number;
  /** Whether other processes listen on the same port. */
  readonly shared: boolean;
}

export interface Serving {
  readonly url: string;
  /** Takes no more connections and waits for requests under way, but not longer than the drain time. */
  stop(): Promise<void>;
}

/** Puts the server on its socket, with the access log and the measurements around it. */
export function serve({ app, config, log, now, shared }: ServeOptions): Serving {
  const { hostname, port } = config.listen;
  const server = listening(config.listen, () =>
    Bun.serve({
      hostname,
      port,
      reusePort: shared,
      idleTimeout: IDLE_SECONDS,
      // What goes wrong is for the log: the runtime would print it past that, with lines of source.
      development: false,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      ...(config.tlsCert !== undefined &&
        config.tlsKey !== undefined && {
          tls: { cert: readFileSync(config.tlsCert, 'utf8'), key: readFileSync(config.tlsKey, 'utf8') },
        }),
      async fetch(request, listener) {
        const began = performance.now();
        const trace: Trace = { route: 'none', sent: 0 };
        let address: string | undefined;
        const peer = () => (address ??= listener.requestIP(request)?.address ?? '');
        const answer = await app.door.answer(request, trace, peer);
        const seconds = (performance.now() - began) / 1000;
        app.metrics.record({
          route: trace.route,
          method: request.method,
          status: answer.status,
          seconds,
          received: Number(request.headers.get('content-length') ?? 0),
          sent: trace.sent,
        });
        if (wanted(config.accessLog, request.method, answer.status))
          log.write('info', 'request', {
            method: request.method,
            path: withoutTokens(rawPath(request.url)),
            status: answer.status,
            ms: Math.round(seconds * 1e5) / 100,
            route: trace.route,
            peer: peer(),
            at: now(),
          });
        if (answer.status >= 400) await takeRest(request);
        return answer;
      },
      // Where the file of an answer is opened, after the answer was decided: descriptors may have run out by then.
      error(cause) {
        log.write('error', 'a request failed outside its handler', { cause });
        if (!('syscall' in cause)) return new Response('internal error\n', { status: 500 });
        const { message, status, headers } = storageError(cause);
        return new Response(`${message}\n`, { status, headers });
      },
    }),
  );
  const scheme = config.tlsCert === undefined ? 'http' : 'https';
  const shown = hostname.includes(':') ? `[${hostname}]` : hostname;
  return {
    url: `${scheme}://${shown}:${server.port}`,
    stop: async () => {
      const late = setTimeout(() => void server.stop(true), config.drain);
      await server.stop(false);
      clearTimeout(late);
    },
  };
}

const UNHEARD: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program does already; stop that one',
  EADDRNOTAVAIL: 'this machine has no such address; look for a misspelling',
  EACCES: 'this user may not, as below port 1024',
};

/** Says what to do where the address is not to be had. */
function listening<Server>({ hostname, port }: Config['listen'], open: () => Server): Server {
  let failure: unknown;
  try {
    return open();
  } catch (cause) {
    failure = cause;
  }
  const why = failure instanceof Error && 'code' in failure ? UNHEARD[String(failure.code)] : undefined;
  if (why === undefined) throw failure;
  // The runtime's own words say nothing more.
  throw new Error(`cannot listen on ${hostname}:${port}: ${why}, or give another address with --listen`);
}

function wanted(which: Config['accessLog'], method: string, status: number): boolean {
  if (which !== 'changes') return which === 'all';
  return status >= 400 || (method !== 'GET' && method !== 'HEAD');
}
