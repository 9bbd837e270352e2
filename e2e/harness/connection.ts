import { connect, type Socket } from 'node:net';

const LIMIT_MS = 60_000;
const AT_ONCE = 50;
/** Bytes: who takes none of a long stream wants to see how it began. */
const MOST_HELD = 1 << 18;

/** A TCP connection that speaks HTTP as a test wants: half a request, a pause, no goodbye. */
export class Connection implements Disposable {
  readonly #socket: Socket;
  #received = 0;
  #held = Buffer.alloc(0);
  #sink: ((bytes: Buffer) => void) | undefined;
  #closed = false;
  #wake = Promise.withResolvers<void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    const changed = (): void => {
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    };
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.byteLength;
      if (this.#sink) this.#sink(chunk);
      else if (this.#held.byteLength < MOST_HELD) this.#held = Buffer.concat([this.#held, chunk]);
      changed();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
      changed();
    });
  }

  /** Fails when the server does not take it. */
  static async open(host: string): Promise<Connection> {
    const [hostname, port] = host.split(':');
    const socket = connect({ host: hostname, port: Number(port) });
    const ready = Promise.withResolvers<void>();
    socket.once('connect', ready.resolve);
    socket.once('error', ready.reject);
    await ready.promise;
    return new Connection(socket);
  }

  /**
   * So many, which the server has all taken: each was answered once. A few at a time, since of many at once the kernel drops those
   * that a busy server did not come to.
   */
  static async openMany(host: string, count: number): Promise<readonly Connection[]> {
    const all: Connection[] = [];
    while (all.length < count) {
      const opening = Array.from({ length: Math.min(AT_ONCE, count - all.length) }, async () => {
        const connection = await Connection.open(host);
        await connection.head('GET', '/healthz', {});
        await connection.until(({ text }) => text.endsWith('ok\n'));
        connection.take(connection.held);
        connection.#received = 0;
        return connection;
      });
      all.push(...(await Promise.all(opening)));
    }
    return all;
  }

  /** How many bytes came. */
  get received(): number {
    return this.#received;
  }

  /** The first bytes that came and were not taken, as text. */
  get text(): string {
    return this.#held.toString('latin1');
  }

  /** How many bytes can be taken. */
  get held(): number {
    return this.#held.byteLength;
  }

  take(length: number): Buffer {
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  /** Hands over the next so many bytes as they come, and holds none. */
  async pour(length: number, sink: (bytes: Buffer) => void): Promise<void> {
    let left = length;
    this.#sink = (bytes) => {
      left -= bytes.byteLength;
      sink(bytes);
    };
    this.#sink(this.take(this.held));
    const more = async (): Promise<boolean> => {
      const before = left;
      if (before > 0) await this.until(() => left < before);
      return before > 0;
    };
    while (await more());
    this.#sink = undefined;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Resolves once the bytes were handed to the system. */
  async write(data: Uint8Array | string): Promise<void> {
    await new Promise<void>((resolve, reject) =>
      this.#socket.write(data, (error) => (error ? reject(error) : resolve())),
    );
  }

  head(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries({ host: 'localhost', ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    return this.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  }

  /** Takes no more bytes until `resume`; the server's send buffer fills up. */
  pause(): void {
    this.#socket.pause();
  }
  resume(): void {
    this.#socket.resume();
  }

  /** Resolves when what came, or that nothing more will, satisfies `enough`. */
  async until(enough: (connection: Connection) => boolean): Promise<void> {
    const late = setTimeout(() => this.#socket.destroy(new Error('too slow')), LIMIT_MS);
    while (!enough(this) && !this.#closed) await this.#wake.promise;
    clearTimeout(late);
    if (!enough(this))
      throw new Error(`the connection was closed after ${this.#received} bytes: ${this.text}`);
  }

  /** Leaves without a word. */
  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
