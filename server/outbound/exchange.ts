import { type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { RegistryError } from '../core/error.ts';
import type { OutboundAnswer, OutboundRequest } from '../core/outbound.ts';

export interface Address {
  readonly address: string;
  /** 4 or 6. */
  readonly family: number;
}

interface ExchangeOptions {
  readonly url: URL;
  /** The addresses that were checked. No other is connected to, and no name is asked for again. */
  readonly addresses: readonly Address[];
  readonly request: OutboundRequest;
  readonly late: AbortSignal;
  readonly ca?: string;
}

/** Until the headers are there, and then between two pieces of the body. */
const SILENCE_MS = 10_000;
const LONGEST_HEADERS = 64 * 1024;

/** One request and its answer, on a connection of its own. */
export async function exchange(options: ExchangeOptions): Promise<Omit<OutboundAnswer, 'url'>> {
  const { url, late } = options;
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const signal = AbortSignal.any([late, silence.signal]);
    const message = await send(options, signal);
    const body = await collect(options, message, () => timer.refresh());
    return { status: message.statusCode ?? 0, headers: headersOf(message), body };
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause;
    if (late.aborted || silence.signal.aborted)
      throw new RegistryError('DEADLINE_EXCEEDED', 'UPSTREAM_SLOW', `${url.host} did not answer in time`);
    throw broken(url, 'the connection failed', cause);
  } finally {
    clearTimeout(timer);
  }
}

/** Says no more than that: what the other side sent is for the log. */
export const broken = (url: URL, why: string, cause?: unknown): RegistryError =>
  new RegistryError('UNAVAILABLE', 'UPSTREAM_BROKEN', `${url.host} does not answer well: ${why}`, { cause });

function send(
  { url, addresses, request, ca }: ExchangeOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { method = 'GET', headers = {}, body } = request;
  const answered = Promise.withResolvers<IncomingMessage>();
  const start = url.protocol === 'https:' ? overHttps : overHttp;
  const outgoing = start(
    url,
    {
      method,
      // Compressed bodies could be far longer than they look.
      headers: { 'user-agent': 'entrepot', ...headers, 'accept-encoding': 'identity', connection: 'close' },
      agent: false,
      signal,
      maxHeaderSize: LONGEST_HEADERS,
      lookup: (_, { all }, done) => {
        const [first] = addresses;
        if (all) done(null, [...addresses]);
        else done(null, first?.address ?? '', first?.family ?? 0);
      },
      ...(ca !== undefined && { ca }),
    },
    answered.resolve,
  );
  outgoing.on('error', answered.reject);
  outgoing.end(body);
  return answered.promise;
}

async function collect(
  { url, request }: ExchangeOptions,
  message: IncomingMessage,
  heard: () => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const { maxBytes } = request;
  const coding = message.headers['content-encoding'] ?? 'identity';
  const declared = Number(message.headers['content-length'] ?? 0);
  const pieces: Uint8Array[] = [];
  let size = 0;
  const refuse = (why: string): never => {
    message.destroy();
    throw broken(url, why);
  };
  if (coding !== 'identity') refuse('its answer is compressed, which was not asked for');
  if (declared > maxBytes && request.method !== 'HEAD') refuse(`its answer is longer than ${maxBytes} bytes`);
  heard();
  for await (const piece of message as AsyncIterable<Uint8Array>) {
    size += piece.byteLength;
    if (size > maxBytes) refuse(`its answer is longer than ${maxBytes} bytes`);
    pieces.push(piece);
    heard();
  }
  if (!message.complete) refuse('its answer is cut off');
  return new Uint8Array(Buffer.concat(pieces));
}

function headersOf({ headersDistinct }: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct))
    for (const value of values) headers.append(name, value);
  return headers;
}
