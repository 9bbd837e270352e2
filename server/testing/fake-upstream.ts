import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { type Bytes, bytesOf, digestOf } from './oci.ts';
import type { Fault } from './upstream-faults.ts';
import { type Asked, listen, type Reply, send, Wire } from './upstream-wire.ts';

/** What a path answers. */
export interface Content {
  /** 200 where it is not said. */
  readonly status?: number;
  /** Names in lower case. An `etag` is made of the body where there is none. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Bytes | string;
}

/** Answers by what was asked; undefined is a 404. */
export type Answers = (asked: Asked) => Content | undefined;

/**
 * A server elsewhere, in this process, for tests of what asks one. It has what a test puts in, keeps a record of every
 * request, and misbehaves where it is told to:
 *
 *     await using upstream = await FakeUpstream.start();
 *     const shelf = new NpmShelf(upstream);                    // upstream-npm.ts; images: upstream-oci.ts
 *     await shelf.publish({ name: 'left', version: '1.0.0' });
 *     upstream.put('/plain.txt', { body: 'hello' });           // or anything else
 *
 *     upstream.misbehave('/left/-/left-1.0.0.tgz', atFirst(truncated(0.5)));   // upstream-faults.ts
 *     upstream.misbehave(/^\/left/, status(429, { 'retry-after': '7' }));      // the latest that fits counts
 *     upstream.behave();                                       // an ordinary server again
 *     await upstream.down();                                   // refuses connections, until `up()`
 *
 *     upstream.asked('/left').length                           // how often; each with method, headers, body
 *     await upstream.hasBeenAsked('/left', 2);                 // waits for the second request
 *
 * Paths are compared decoded and without the query, so `/@scope%2fname` is `/@scope/name`. Ordinary answers honour
 * HEAD, If-None-Match and, for a 200, one Range with or without If-Range; connections are kept. It has no clock:
 * whatever is slow is slow until the test lets it go on. It listens on 127.0.0.1, which outbound clients refuse
 * unless it is on their list of allowed hosts.
 */
export class FakeUpstream implements AsyncDisposable {
  /** `127.0.0.1:PORT`, the same after it was down. */
  readonly host: string;
  readonly #contents = new Map<string, Answers>();
  readonly #faults: { readonly path: string | RegExp; readonly fault: Fault }[] = [];
  readonly #asked: Asked[] = [];
  readonly #sockets = new Set<Socket>();
  #arrived = Promise.withResolvers<void>();
  #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#accept();
  }

  static async start(): Promise<FakeUpstream> {
    return new FakeUpstream(await listening(0));
  }

  get url(): string {
    return `http://${this.host}`;
  }

  /** Answers a path from now on. */
  put(path: string, content: Content | Answers): void {
    this.#contents.set(path, typeof content === 'function' ? content : () => content);
  }

  /** A path is a 404 from now on. */
  remove(path: string): void {
    this.#contents.delete(path);
  }

  /** What fits `path` goes wrong from now on, also where nothing was put. */
  misbehave(path: string | RegExp, fault: Fault): void {
    this.#faults.unshift({ path, fault });
  }

  /** No more faults on `path` as it was told, or on any. */
  behave(path?: string | RegExp): void {
    const kept = path === undefined ? [] : this.#faults.filter((rule) => String(rule.path) !== String(path));
    this.#faults.splice(0, this.#faults.length, ...kept);
  }

  /** What came, in the order in which it came; for a path or what fits it, or all. */
  asked(path?: string | RegExp): readonly Asked[] {
    return this.#asked.filter((one) => path === undefined || fits(path, one.path));
  }

  /** Forgets what came. */
  forget(): void {
    this.#asked.length = 0;
  }

  /** Resolves when `path` has been asked for so many times. */
  async hasBeenAsked(path: string | RegExp, times = 1): Promise<void> {
    while (this.asked(path).length < times) await this.#arrived.promise;
  }

  /** How many connections are open, in use or kept. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Ends every connection and refuses new ones. */
  async down(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Listens again, where it did before. */
  async up(): Promise<void> {
    this.#server = await listening(Number(this.host.split(':')[1]));
    this.#accept();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.down();
  }

  #accept(): void {
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      listen(socket, (asked) => this.#answer(asked, new Wire(socket, asked)));
    });
  }

  async #answer(asked: Asked, wire: Wire): Promise<void> {
    this.#asked.push(asked);
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
    const content = this.#contents.get(asked.path)?.(asked);
    const reply = content === undefined ? NOT_FOUND : replyTo(asked, content);
    const fault = this.#faults.find(({ path }) => fits(path, asked.path))?.fault ?? send;
    await fault(reply, wire);
  }
}

const fits = (wanted: string | RegExp, path: string): boolean =>
  typeof wanted === 'string' ? wanted === path : wanted.test(path);

async function listening(port: number): Promise<Server> {
  const server = createServer();
  const ready = Promise.withResolvers<void>();
  server.once('listening', ready.resolve);
  server.once('error', ready.reject);
  server.listen(port, '127.0.0.1');
  await ready.promise;
  return server;
}

const NOT_FOUND: Reply = {
  status: 404,
  headers: { 'content-type': 'application/json' },
  body: bytesOf('{"error":"Not found"}'),
};

/** RFC 9110 as far as clients of registries use it. */
function replyTo({ headers: wants }: Asked, content: Content): Reply {
  const body = bytesOf(content.body);
  const { status = 200 } = content;
  if (status !== 200) return { status, headers: { ...content.headers }, body };
  const etag = content.headers?.['etag'] ?? `"${digestOf(body).slice(7, 23)}"`;
  const headers = { 'content-type': 'application/octet-stream', etag, ...content.headers };
  if (wants['if-none-match']?.split(/\s*,\s*/).includes(etag)) return { status: 304, headers, body: NOTHING };
  const range = /^bytes=(\d+)-(\d*)$/.exec(wants['range'] ?? '');
  if (!range || (wants['if-range'] ?? etag) !== etag) return { status, headers, body };
  const size = body.byteLength;
  const [first, last] = [Number(range[1]), range[2] === '' ? size - 1 : Math.min(Number(range[2]), size - 1)];
  if (first > last)
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${size}` }, body: NOTHING };
  const part = { ...headers, 'content-range': `bytes ${first}-${last}/${size}` };
  return { status: 206, headers: part, body: body.subarray(first, last + 1) };
}

const NOTHING: Bytes = new Uint8Array();
