import { connect, type Socket } from 'node:net';

const LIMIT_MS = 20_000;

export interface KeptAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

interface Request {
  readonly authorization: string | null;
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One TCP connection that is kept open: requests go one after the other, and never over another one. */
export class KeptConnection implements Disposable {
  readonly #socket: Socket;
  readonly #host: string;
  #received = Buffer.alloc(0);
  #closed = false;
  #wake = Promise.withResolvers<void>();

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    const changed = (): void => {
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    };
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      changed();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
      changed();
    });
  }

  static async open(host: string): Promise<KeptConnection> {
    const [hostname, port] = host.split(':');
    const socket = connect({ host: hostname, port: Number(port) });
    const ready = Promise.withResolvers<void>();
    socket.once('connect', ready.resolve);
    socket.once('error', ready.reject);
    await ready.promise;
    return new KeptConnection(socket, host);
  }

  /** Answers with a length only, as all of the registry's are but streamed ones. */
  async send(
    method: string,
    path: string,
    { authorization, body, headers = {} }: Request,
  ): Promise<KeptAnswer> {
    const lines = Object.entries({
      host: this.#host,
      ...(authorization !== null && { authorization }),
      ...((body !== undefined || method === 'POST') && { 'content-length': String(body?.byteLength ?? 0) }),
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    if (body !== undefined) this.#socket.write(body);

    const end = (await this.#until(() => this.#received.indexOf('\r\n\r\n') + 1)) - 1;
    const [first = '', ...rest] = this.#received.subarray(0, end).toString('latin1').split('\r\n');
    const answered = new Map(
      rest.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const length = end + 4 + (method === 'HEAD' ? 0 : Number(answered.get('content-length') ?? 0));
    await this.#until(() => this.#received.byteLength >= length && length);
    const text = this.#received.subarray(end + 4, length).toString();
    this.#received = this.#received.subarray(length);
    return { status: Number(first.split(' ')[1]), headers: answered, text };
  }

  /** Resolves once there is something to answer; fails when the server closed the connection before. */
  async #until(found: () => number | false): Promise<number> {
    const late = setTimeout(() => this.#socket.destroy(), LIMIT_MS);
    try {
      for (;;) {
        const at = found();
        if (at !== false && at > 0) return at;
        if (this.#closed) throw new Error(`the connection was closed after: ${this.#received.toString()}`);
        await this.#wake.promise;
      }
    } finally {
      clearTimeout(late);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
