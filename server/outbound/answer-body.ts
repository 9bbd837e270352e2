import type { IncomingMessage } from 'node:http';
import { pipeline, Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import type { ByteStream } from '../core/blob.ts';
import { RegistryError } from '../core/error.ts';
import { decodedAtOnce, isShort } from './decoded-at-once.ts';
import { broken, TransientFailure, slow } from './failures.ts';

interface BodyOptions {
  readonly url: URL;
  readonly maxBytes: number;
  /** Milliseconds that a reader waits for the next piece. */
  readonly idleMs: number;
  readonly late?: AbortSignal;
  /** Called once when the connection is free or closed, with why if that is a failure. */
  readonly ended: (failure?: RegistryError) => void;
}

const DECODERS: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  ['br', () => createBrotliDecompress()],
]);

const CUT_OFF = 'its answer is cut off';

/** For Accept-Encoding. */
export const CODINGS = 'gzip, br';

export const canDecode = (coding: string): boolean => DECODERS.has(coding);

/** What an answer's body is coded in; nothing when it comes as it is. */
export function codingOf({ headers }: IncomingMessage): string | undefined {
  const coding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  return coding === '' || coding === 'identity' ? undefined : coding;
}

/** The body of an answer, decoded. Nothing is read before somebody reads, and then little more than that. */
export function bodyOf(message: IncomingMessage, options: BodyOptions): ByteStream {
  const { url, maxBytes, idleMs, late, ended } = options;
  let silence: NodeJS.Timeout | undefined;
  const { pieces, streams } = decoded(message, () => silence?.refresh());
  // It may break off before anybody reads, who then hears of it.
  for (const stream of streams) stream.on('error', () => undefined);
  let size = 0;
  let tooLate = false;
  const stop = (): void => {
    for (const stream of streams) stream.destroy();
  };
  const giveUp = (): void => {
    tooLate = true;
    stop();
  };
  let finished = false;
  const finish = (failure?: RegistryError): void => {
    late?.removeEventListener('abort', giveUp);
    if (!finished) ended(failure);
    finished = true;
  };
  const next = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    silence = setTimeout(giveUp, idleMs);
    try {
      const { done, value } = await pieces.next();
      if (tooLate) throw slow(url);
      if (done === true && !message.complete) throw new TransientFailure(url, CUT_OFF);
      return done === true ? undefined : value;
    } catch (cause) {
      throw tooLate ? slow(url) : cause;
    } finally {
      clearTimeout(silence);
    }
  };
  late?.addEventListener('abort', giveUp, { once: true });
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const piece = await next();
          size += piece?.byteLength ?? 0;
          if (size > maxBytes) throw broken(url, `its answer is longer than ${maxBytes} bytes`);
          if (piece) return controller.enqueue(piece);
          finish();
          controller.close();
        } catch (cause) {
          const failure = asFailure(url, cause);
          stop();
          finish(failure);
          controller.error(failure);
        }
      },
      cancel() {
        stop();
        finish();
      },
    },
    { highWaterMark: 0 },
  );
}

interface Decoded {
  readonly pieces: AsyncIterator<Uint8Array<ArrayBuffer>>;
  /** What is to be ended with it. */
  readonly streams: readonly Readable[];
}

/** `alive` is told of what comes of a body whose pieces wait until it is whole. */
function decoded(message: IncomingMessage, alive: () => void): Decoded {
  const coding = codingOf(message) ?? '';
  const decoder = DECODERS.get(coding);
  if (!decoder) return { pieces: message[Symbol.asyncIterator](), streams: [message] };
  if (isShort(message)) {
    const streamed = (coded: Buffer): Readable => through(Readable.from([coded]), decoder());
    return { pieces: decodedAtOnce(message, coding, alive, streamed), streams: [message] };
  }
  const source = through(message, decoder());
  return { pieces: source[Symbol.asyncIterator](), streams: [source, message] };
}

/** Whoever reads what comes out hears of what goes wrong. */
function through(coded: Readable, decoder: Transform): Transform {
  pipeline(coded, decoder, () => undefined);
  return decoder;
}

function asFailure(url: URL, cause: unknown): RegistryError {
  if (cause instanceof RegistryError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const undecodable = code.startsWith('Z_') || code.startsWith('ERR__ERROR_FORMAT');
  return undecodable
    ? broken(url, 'its answer cannot be decoded', cause)
    : new TransientFailure(url, CUT_OFF, cause);
}
