import type { Bytes } from './oci.ts';
import { type Reply, send, type Wire } from './upstream-wire.ts';

/** What happens in place of an ordinary answer. */
export type Fault = (reply: Reply, wire: Wire) => Promise<void>;

/** Something that a test lets happen, and can wait for someone to wait at. */
export class Gate {
  readonly #opened = Promise.withResolvers<void>();
  readonly #reached = Promise.withResolvers<void>();

  /** Whoever waits goes on, and whoever comes later does not wait. */
  open(): void {
    this.#opened.resolve();
  }

  /** Resolves when somebody waits here, or did. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  pass(): Promise<void> {
    this.#reached.resolve();
    return this.#opened.promise;
  }
}

/** Gives a body out as far as a test allows. */
export class Tap {
  #allowed = 0;
  #changed = Promise.withResolvers<void>();

  /** Lets `bytes` more through; without a number, all there are. */
  release(bytes = Number.POSITIVE_INFINITY): void {
    this.#allowed += bytes;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Writes `body` as it is let through; resolves when all of it was. */
  async pour(body: Bytes, wire: Wire): Promise<void> {
    for (let at = 0; at < body.byteLength;) {
      const until = Math.min(body.byteLength, this.#allowed);
      if (until === at) await this.#changed.promise;
      else await wire.write(body.subarray(at, until));
      at = until;
    }
  }
}

/** Nothing is answered; the connection ends. */
export const reset: Fault = async (_, wire) => wire.cut();

/** The first byte comes when the gate is open. */
export const slow =
  (gate: Gate): Fault =>
  async (reply, wire) => {
    await gate.pass();
    await send(reply, wire);
  };

/** Status and headers come at once, the body as far as the tap lets it. */
export const dripping =
  (tap: Tap): Fault =>
  async (reply, wire) => {
    await wire.head(reply);
    await tap.pour(reply.body, wire);
    await wire.finish();
  };

/** The connection ends after `bytes` of the body, or after that part of it when it is less than 1. */
export const truncated =
  (bytes: number): Fault =>
  async (reply, wire) => {
    const kept = bytes < 1 ? Math.floor(reply.body.byteLength * bytes) : bytes;
    await wire.head(reply);
    await wire.write(reply.body.subarray(0, kept));
    wire.cut();
  };

/** One byte is not what it was; the last one unless said otherwise. */
export const corrupt =
  (at = -1): Fault =>
  async (reply, wire) => {
    const index = at < 0 ? reply.body.byteLength + at : at;
    const body = reply.body.map((byte, position) => (position === index ? byte ^ 1 : byte));
    await send({ ...reply, body }, wire);
  };

/** Declares another length than the body has, and ends the connection after the body. */
export const lyingLength =
  (says: number): Fault =>
  async (reply, wire) => {
    await send({ ...reply, headers: { ...reply.headers, 'content-length': String(says) } }, wire);
    wire.cut();
  };

/** 200 with a page for people, as portals that want a log-in answer everything. */
export const loginPage: Fault = (_, wire) =>
  send(page(200, '<!doctype html><title>Log in</title><form action="/login" method="post"></form>'), wire);

/** 200 and the right bytes, under another type. */
export const lyingType =
  (contentType: string): Fault =>
  (reply, wire) =>
    send({ ...reply, headers: { ...reply.headers, 'content-type': contentType } }, wire);

/** Another status, with headers such as `retry-after` or `www-authenticate`. */
export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Fault =>
  (_, wire) =>
    send(page(code, `<!doctype html><title>${code}</title>`, headers), wire);

/** Sends on to `location`; the path itself makes an endless loop. */
export const redirected =
  (location: string, code = 302): Fault =>
  (_, wire) =>
    send(page(code, '', { location }), wire);

/** The fault happens the first `times`; after that the answer is an ordinary one. */
export function atFirst(fault: Fault, times = 1): Fault {
  let left = times;
  return async (reply, wire) => {
    left -= 1;
    await (left < 0 ? send : fault)(reply, wire);
  };
}

const page = (code: number, text: string, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status: code,
  headers: { 'content-type': 'text/html; charset=utf-8', ...headers },
  body: new TextEncoder().encode(text),
});
