import { Connection } from './connection.ts';

const END = '\r\n\r\n';

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
  readonly #connection: Connection;
  readonly #host: string;

  private constructor(connection: Connection, host: string) {
    this.#connection = connection;
    this.#host = host;
  }

  static async open(host: string): Promise<KeptConnection> {
    return new KeptConnection(await Connection.open(host), host);
  }

  /** Answers with a length only, as all of the registry's are but streamed ones. */
  async send(
    method: string,
    path: string,
    { authorization, body, headers = {} }: Request,
  ): Promise<KeptAnswer> {
    const connection = this.#connection;
    await connection.head(method, path, {
      host: this.#host,
      ...(authorization !== null && { authorization }),
      ...((body !== undefined || method === 'POST') && { 'content-length': String(body?.byteLength ?? 0) }),
      ...headers,
    });
    if (body !== undefined) await connection.write(body);

    await connection.until(({ text }) => text.includes(END));
    const head = connection.take(connection.text.indexOf(END) + END.length).toString('latin1');
    const [first = '', ...rest] = head.slice(0, -END.length).split('\r\n');
    const answered = new Map(
      rest.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const length = method === 'HEAD' ? 0 : Number(answered.get('content-length') ?? 0);
    await connection.until(({ held }) => held >= length);
    const text = connection.take(length).toString();
    return { status: Number(first.split(' ')[1]), headers: answered, text };
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}
