const MAKE_CERTIFICATE =
  'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout - -days 1'.split(' ');

/** Answers over TLS with a certificate of its own making. */
export class SecureServer implements AsyncDisposable {
  readonly cert: string;
  readonly port: number;
  readonly #server: ReturnType<typeof Bun.serve>;

  constructor(cert: string, server: ReturnType<typeof Bun.serve>) {
    this.cert = cert;
    this.port = server.port ?? 0;
    this.#server = server;
  }

  static async start(name: string, redirect?: string): Promise<SecureServer> {
    const made = Bun.spawnSync(
      ['openssl', ...MAKE_CERTIFICATE, '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`],
      { stderr: 'ignore' },
    ).stdout.toString();
    const [key = ''] = /-----BEGIN PRIVATE KEY-----[^]+?-----END PRIVATE KEY-----/.exec(made) ?? [];
    const [cert = ''] = /-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/.exec(made) ?? [];
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      tls: { key, cert },
      fetch: () => (redirect === undefined ? new Response('ok') : Response.redirect(redirect)),
    });
    return new SecureServer(cert, server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }
}
