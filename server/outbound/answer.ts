import type { IncomingMessage } from 'node:http';
import type { ByteStream } from '../core/blob.ts';
import type { OutboundAnswer, OutboundRequest } from '../core/outbound.ts';
import type { RegistryError } from '../core/error.ts';
import { bodyOf, canDecode, codingOf } from './answer-body.ts';
import { broken } from './failures.ts';

export interface OpenRequest extends OutboundRequest {
  /** Whether the body may come compressed, to be decoded here. `maxBytes` is of what comes out. */
  readonly compressed?: boolean;
  /** Called once when the body of an answer has ended or was cancelled; with what it broke off with, if it did. */
  readonly ended?: (failure?: RegistryError) => void;
}

/** An answer whose body is still on its way. Whoever has it reads the body to its end, or cancels it. */
export interface OpenAnswer extends Omit<OutboundAnswer, 'body'> {
  /**
   * Breaks off with UNAVAILABLE (UPSTREAM_BROKEN) when the connection does, or when it is longer than wanted, and with
   * DEADLINE_EXCEEDED (UPSTREAM_SLOW) when nothing comes for too long. Cancelling it closes the connection.
   */
  readonly body: ByteStream;
  /** Content-Length, of a body that comes as it is. */
  readonly size?: number;
}

interface AnswerOptions {
  readonly url: URL;
  readonly request: OpenRequest;
  /** Milliseconds that a reader waits for the next piece. */
  readonly idleMs: number;
  readonly late?: AbortSignal;
  /** Called when the connection is free or closed, with why if that is a failure; not when this function fails. */
  readonly ended: (failure?: RegistryError) => void;
}

/** Of a body that nobody wants, as much is read to keep its connection, and for as long. */
const WORTH_READING = 64 * 1024;
const WORTH_WAITING_MS = 1000;

/** What other code sees of an answer whose headers are there. */
export async function answerOf(message: IncomingMessage, options: AnswerOptions): Promise<OpenAnswer> {
  const { url, request, ended } = options;
  const { maxBytes } = request;
  const status = message.statusCode ?? 0;
  const bodiless = request.method === 'HEAD' || status === 204 || status === 304;
  const coding = codingOf(message);
  const length = message.headers['content-length'];
  const size = coding === undefined && length !== undefined ? Number(length) : undefined;
  const known = { status, headers: headersOf(message), url, ...(size !== undefined && { size }) };
  if (bodiless) {
    for await (const _ of message);
    ended();
    return { ...known, body: new Blob([]).stream() };
  }
  const refuse = (why: string): never => {
    message.destroy();
    throw broken(url, why);
  };
  // What comes with a refusal need not be as it was asked for, since it is not kept.
  if (status >= 200 && status < 300) {
    if (coding !== undefined && request.compressed !== true)
      refuse('its answer is compressed, which was not asked for');
    if (coding !== undefined && !canDecode(coding))
      refuse('its answer is coded in a way that was not asked for');
    if (size !== undefined && size > maxBytes) refuse(`its answer is longer than ${maxBytes} bytes`);
  }
  if (coding !== undefined && canDecode(coding))
    for (const name of ['content-encoding', 'content-length']) known.headers.delete(name);
  return { ...known, body: bodyOf(message, { ...options, maxBytes }) };
}

/** Reads what nobody wants, so that the next request finds the connection; gives it up when that is much, or slow. */
export async function discard(body: ByteStream): Promise<void> {
  const reader = body.getReader();
  const giveUp = (): Promise<void> => reader.cancel().catch(() => undefined);
  const timer = setTimeout(() => void giveUp(), WORTH_WAITING_MS);
  try {
    for (let size = 0; size <= WORTH_READING;) {
      const { done, value } = await reader.read();
      if (done) return;
      size += value.byteLength;
    }
    await giveUp();
  } catch {
    // It was not wanted, whole or not.
  } finally {
    clearTimeout(timer);
  }
}

function headersOf({ headersDistinct }: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct))
    for (const value of values) headers.append(name, value);
  return headers;
}
