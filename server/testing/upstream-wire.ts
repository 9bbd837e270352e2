import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Bytes } from './oci.ts';

/** One request as it came. */
export interface Asked {
  readonly method: string;
  /** As it was written, encoded and with the query. */
  readonly target: string;
  /** Decoded, without the query: `/@scope/name` however the slash was spelled. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Bytes;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Bytes;
}

/**
 * The way back to whoever sent a request, on which nothing is put right: what is declared need not be what is sent.
 * Each call resolves when the system has taken the bytes.
 */
export class Wire {
  readonly #socket: Socket;
  /** A HEAD gets no body, whatever is written. */
  readonly #bodiless: boolean;
  #chunked = false;

  constructor(socket: Socket, { method }: Asked) {
    this.#socket = socket;
    this.#bodiless = method === 'HEAD';
  }

  /** Status line and headers, and the body's length where no header tells another or says that it comes in chunks. */
  head({ status, headers, body }: Reply): Promise<void> {
    this.#chunked = headers['transfer-encoding'] === 'chunked';
    const length = this.#chunked || status === 304 ? {} : { 'content-length': String(body.byteLength) };
    const lines = Object.entries({ ...length, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    return this.#send(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#bodiless || bytes.byteLength === 0) return;
    if (this.#chunked) await this.#send(`${bytes.byteLength.toString(16)}\r\n`);
    await this.#send(bytes);
    if (this.#chunked) await this.#send('\r\n');
  }

  /** Says that the body is whole, as far as its headers leave that to say. */
  async finish(): Promise<void> {
    if (this.#chunked && !this.#bodiless) await this.#send('0\r\n\r\n');
  }

  /** Closes the connection once everything that was written has left. */
  cut(): void {
    this.#socket.end();
  }

  /** Someone who left is not written to; that is no fault of the upstream. */
  #send(data: Uint8Array | string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed || !this.#socket.writable) resolve();
      else this.#socket.write(data, () => resolve());
    });
  }
}

/** An ordinary answer. */
export async function send(reply: Reply, wire: Wire): Promise<void> {
  await wire.head(reply);
  await wire.write(reply.body);
  await wire.finish();
}

const END = '\r\n\r\n';

/** Hands over one request after the other of a connection (RFC 9112), each when the one before was answered. */
export function listen(socket: Socket, answer: (asked: Asked) => Promise<void>): void {
  let held: Buffer = Buffer.alloc(0);
  let busy = false;
  const next = (): void => {
    const parsed = busy ? undefined : parse(held);
    if (parsed === undefined) return;
    held = parsed.rest;
    busy = true;
    void answer(parsed.asked)
      .catch(() => socket.destroy())
      .finally(() => {
        busy = false;
        next();
      });
  };
  socket.on('error', () => undefined);
  socket.on('data', (data: Buffer) => {
    held = Buffer.concat([held, data]);
    next();
  });
}

/** The first request of what was received, and what follows it; undefined while it is not all there. */
function parse(held: Buffer): { readonly asked: Asked; readonly rest: Buffer } | undefined {
  const end = held.indexOf(END);
  if (end < 0) return undefined;
  const [first = '', ...lines] = held.subarray(0, end).toString('latin1').split('\r\n');
  const [method = '', target = ''] = first.split(' ');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const begin = end + END.length;
  const length = Number(headers['content-length'] ?? 0);
  if (held.byteLength < begin + length) return undefined;
  const body = new Uint8Array(held.subarray(begin, begin + length));
  const path = decodeURIComponent(target.split('?')[0] ?? '');
  return { asked: { method, target, path, headers, body }, rest: held.subarray(begin + length) };
}
