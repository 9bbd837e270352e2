import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import type { ByteStream } from '../core/blob.ts';
import { RegistryError } from '../core/error.ts';
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
  const source = decoded(message);
  // It may break off before anybody reads, who then hears of it.
  for (const stream of [message, source]) stream.on('error', () => undefined);
  const pieces: AsyncIterator<Uint8Array<ArrayBuffer>> = source[Symbol.asyncIterator]();
  let size = 0;
  let tooLate = false;
  const stop = (): void => {
    source.destroy();
    message.destroy();
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
    const silence = setTimeout(giveUp, idleMs);
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

function decoded(message: IncomingMessage): Readable {
  const decoder = DECODERS.get(codingOf(message) ?? '')?.();
  if (!decoder) return message;
  // Whoever reads what comes out hears of what goes wrong.
  pipeline(message, decoder, () => undefined);
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
