import type { IncomingMessage } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

/** Coded bytes that are less work to decode in place than to lead through a stream, and what may come of them in place. */
const SHORT = 64 * 1024;
const MOST = 1024 * 1024;

type Decode = (coded: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array<ArrayBuffer>;
const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  ['br', brotliDecompressSync],
]);

/** Whether a body is announced as so short that it is better decoded as a whole. */
export function isShort({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return length !== undefined && Number(length) <= SHORT;
}

/**
 * All of a short body, decoded; nothing of one that broke off. `alive` is told of each piece that comes. What is longer than
 * it should be when it is decoded goes through `streamed` instead.
 */
export async function* decodedAtOnce(
  message: IncomingMessage,
  coding: string,
  alive: () => void,
  streamed: (coded: Buffer) => AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const pieces: Buffer[] = [];
  for await (const piece of message) {
    alive();
    pieces.push(piece);
  }
  if (!message.complete) return;
  const coded = Buffer.concat(pieces);
  const whole = decode(coded, coding);
  if (whole) yield whole;
  else yield* streamed(coded);
}

/** Nothing where that is more than should be made in one go. */
function decode(coded: Buffer, coding: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return DECODERS.get(coding)?.(coded, { maxOutputLength: MOST });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw error;
  }
}
