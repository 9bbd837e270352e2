import { connect, type Socket } from 'node:net';

const LIMIT_MS = 60_000;
/** Bytes: who takes none of a long stream wants to see how it began. */
const MOST_HELD = 1 << 18;

/** A TCP connection that speaks HTTP as a test wants: half a request, a pause, no goodbye. */
export class Connection implements Disposable {
  readonly #socket: Socket;
  #received = 0;
  #held = Buffer.alloc(0);
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
      if (this.#held.byteLength < MOST_HELD) this.#held = Buffer.concat([this.#held, chunk]);
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
