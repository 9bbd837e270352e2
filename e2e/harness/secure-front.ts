const MAKE_CERTIFICATE =
  'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout - -days 1'.split(' ');

/** A server over TLS, for clients that show credentials to no other. */
export interface SecureFront extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** PEM, of the certificate and of who made it. */
  readonly certificate: string;
}

/** Passes on to the server at `url` what comes over TLS. */
export function secureFront(url: string): SecureFront {
  const made = Bun.spawnSync(
    ['openssl', ...MAKE_CERTIFICATE, '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'],
    { stderr: 'ignore' },
  ).stdout.toString();
  const [key = ''] = /-----BEGIN PRIVATE KEY-----[^]+?-----END PRIVATE KEY-----/.exec(made) ?? [];
  const [certificate = ''] = /-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/.exec(made) ?? [];
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    tls: { key, cert: certificate },
    fetch(request) {
      const { pathname, search } = new URL(request.url);
      const { method, headers, body } = request;
      return fetch(`${url}${pathname}${search}`, {
        method,
        headers,
        body,
        redirect: 'manual',
        decompress: false,
      });
    },
  });
  return {
    host: `127.0.0.1:${server.port}`,
    certificate,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}
