import { afterEach, beforeEach, describe, expect, it } from 'bun:test';
import { createServer, request as overHttp, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { failureOf } from '../testing/failure-of.ts';
import { FakeUpstream } from '../testing/fake-upstream.ts';
import { SecureServer } from '../testing/secure-server.ts';
import { Gate, slow } from '../testing/upstream-faults.ts';
import { type EgressProxy, parseEgressProxy } from './egress-proxy.ts';
import { OutboundClient } from './outbound-client.ts';

/** Passes everything on to 127.0.0.1, whatever name was asked for. */
class Proxy implements AsyncDisposable {
  readonly asked: { readonly line: string; readonly authorization: string | undefined }[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  refusal: number | undefined;

  constructor() {
    this.#server = createServer((request, response) => {
      this.#note(request);
      if (this.refusal !== undefined) {
        response.writeHead(this.refusal).end('no');
        return;
      }
      const url = new URL(request.url ?? '');
      const passed = overHttp(
        { host: '127.0.0.1', port: url.port, path: url.pathname, headers: request.headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 0, answer.headers);
          answer.pipe(response);
        },
      );
      passed.end();
    });
    this.#server.on('connection', (socket) => this.#sockets.add(socket));
    this.#server.on('connect', (request, socket) => {
      this.#note(request);
      if (this.refusal !== undefined) {
        socket.end(`HTTP/1.1 ${this.refusal} No\r\n\r\n`);
        return;
      }
      const there = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connected\r\n\r\n');
        there.pipe(socket).pipe(there);
      });
      for (const end of [there, socket]) end.on('error', () => undefined);
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  at(user = ''): EgressProxy {
    const proxy = parseEgressProxy(`http://${user}127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
    if (!proxy) throw new Error('it is no proxy');
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #note({ method, url, headers }: IncomingMessage): void {
    this.asked.push({ line: `${method} ${url}`, authorization: headers['proxy-authorization'] });
  }
}

let proxy: Proxy;
let upstream: FakeUpstream;
beforeEach(async () => {
  proxy = await new Proxy().start();
  upstream = await FakeUpstream.start();
  upstream.put('/a', { body: 'hello' });
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const port = (): string => upstream.host.split(':')[1] ?? '';
const through = (options: Partial<ConstructorParameters<typeof OutboundClient>[0]> = {}) =>
  new OutboundClient({
    allowed: [],
    resolve: () => Promise.reject(new Error('it was asked for a name')),
    proxy: proxy.at(),
    ...options,
  });
const get = (client: OutboundClient, url: string) => client.fetch(new URL(url), { maxBytes: 1000 });

describe('an egress proxy', () => {
  it('is told all of an http URL and resolves its name', async () => {
    using client = through({ proxy: proxy.at('jo:p%40ss@') });

    const { body } = await get(client, `http://upstream.test:${port()}/a`);

    expect(new TextDecoder().decode(body)).toBe('hello');
    expect(proxy.asked).toEqual([
      { line: `GET http://upstream.test:${port()}/a`, authorization: `Basic ${btoa('jo:p@ss')}` },
    ]);
    expect(upstream.asked()[0]?.headers['host']).toBe(`upstream.test:${port()}`);
  });

  it.skipIf(Bun.which('openssl') === null)('tunnels https, once for many requests', async () => {
    await using secure = await SecureServer.start('upstream.test');
    using client = through({ proxy: proxy.at('jo:pass@'), ca: secure.cert });

    for (let times = 0; times < 3; times += 1) await get(client, `https://upstream.test:${secure.port}/`);

    expect(proxy.asked).toEqual([
      { line: `CONNECT upstream.test:${secure.port}`, authorization: `Basic ${btoa('jo:pass')}` },
    ]);
  });

  it.skipIf(Bun.which('openssl') === null)('cannot stand in for the server that it tunnels to', async () => {
    await using secure = await SecureServer.start('other.test');
    using client = through({ ca: secure.cert });

    const failure = await failureOf(get(client, `https://upstream.test:${secure.port}/`));

    expect(failure).toMatchObject({ reason: 'UPSTREAM_BROKEN' });
  });

  it.each([
    'http://127.0.0.1/',
    'https://10.0.0.1/',
    'https://169.254.169.254/',
    'https://localhost/',
    'https://db.localhost./',
    'https://metadata.google.internal/',
  ])('is not asked for %s', async (url) => {
    using client = through();

    expect(await failureOf(get(client, url))).toMatchObject({ reason: 'UPSTREAM_FORBIDDEN' });
    expect(proxy.asked).toEqual([]);
  });

  it('is not asked for what is in the own network', async () => {
    using client = through({ allowed: [{ hostname: '127.0.0.1' }] });

    const { status } = await get(client, `${upstream.url}/a`);

    expect([status, proxy.asked.length]).toEqual([200, 0]);
  });

  it.each([407, 403])('that refuses a tunnel with %d is named', async (status) => {
    proxy.refusal = status;
    using client = through();

    expect(await failureOf(get(client, 'https://upstream.test/'))).toMatchObject({
      code: 'UNAVAILABLE',
      message: `upstream.test does not answer well: the egress proxy refuses (${status}): check --egress-proxy and what it allows`,
    });
  });

  it('that wants a password for an http URL is named', async () => {
    proxy.refusal = 407;
    using client = through();

    expect(await failureOf(get(client, 'http://upstream.test/'))).toMatchObject({
      message: expect.stringContaining('the egress proxy refuses (407)'),
    });
  });

  it('that is silent is given up', async () => {
    await using silent = await FakeUpstream.start();
    const gate = new Gate();
    silent.misbehave(/^/, slow(gate));
    const option = parseEgressProxy(silent.url);
    using client = through({
      ...(option && { proxy: option }),
      patience: { connectMs: 100, headersMs: 100 },
    });

    for (const url of ['http://upstream.test/', 'https://upstream.test/'])
      expect(await failureOf(get(client, url))).toMatchObject({
        reason: expect.stringMatching(/^UPSTREAM_(SLOW|BROKEN)$/),
      });
    gate.open();
  });

  it.each(['http://upstream.test/', 'https://upstream.test/'])(
    'that is away is named for %s',
    async (url) => {
      using client = through();
      await proxy[Symbol.asyncDispose]();

      expect(await failureOf(get(client, url))).toMatchObject({
        message: expect.stringContaining('the connection to the egress proxy failed: check --egress-proxy'),
      });
      proxy = await new Proxy().start();
    },
  );

  it.each(['', 'proxy:3128', 'socks5://proxy:1080', 'http://proxy/path', 'http://proxy?x', 'http://%@proxy'])(
    'is not written %p',
    (written) => {
      expect(parseEgressProxy(written)).toBeUndefined();
    },
  );
});
