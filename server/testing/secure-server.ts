const MAKE_CERTIFICATE =
  'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout - -days 1'.split(' ');

/** Answers over TLS with a certificate of its own making. */
export class SecureServer implements AsyncDisposable {
  readonly cert: string;
  readonly port: number;
  /** Of those who connected: one for each connection. */
  readonly peers: ReadonlySet<number>;
  readonly #server: ReturnType<typeof Bun.serve>;

  private constructor(cert: string, peers: ReadonlySet<number>, server: ReturnType<typeof Bun.serve>) {
    this.cert = cert;
    this.peers = peers;
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
    const peers = new Set<number>();
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      tls: { key, cert },
      fetch(request, listener) {
        peers.add(listener.requestIP(request)?.port ?? 0);
        return redirect === undefined ? new Response('ok') : Response.redirect(redirect);
      },
    });
    return new SecureServer(cert, peers, server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }
}
