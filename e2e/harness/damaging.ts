interface Damaging extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
}

/** A way to an HTTP server, `HOST:PORT`, that changes the last byte of what is sent to a path that ends so. */
export function damaging(ending: string, target: string): Damaging {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const body = new Uint8Array(await request.arrayBuffer());
      if (pathname.endsWith(ending)) body.set([(body.at(-1) ?? 0) ^ 1], body.byteLength - 1);
      const headers = new Headers(request.headers);
      headers.delete('expect');
      const { method } = request;
      const sent = method === 'GET' || method === 'HEAD' ? {} : { body };
      return fetch(`http://${target}${pathname}${search}`, { method, headers, ...sent });
    },
  });
  return {
    host: `127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
