import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, brotliCompressSync, constants, gzip } from 'node:zlib';
import type { Coding } from '../core/documents.ts';
import type { KeptDocument } from '../core/index-kind.ts';
import { Turns } from '../lib/turns.ts';

/** One variant of a document, in memory. */
export interface MadeDocument {
  readonly variant: string;
  readonly contentType: string;
  readonly etag: string;
  /** The compressed ones come a little later. */
  readonly bodies: Partial<Record<Coding, Uint8Array<ArrayBuffer>>> & {
    readonly identity: Uint8Array<ArrayBuffer>;
  };
}

/** Bytes that are compressed sooner than another thread is told to: a tenth of a millisecond's work. */
const BRIEF = 32 * 1024;
/** What takes as long as gzip, and is smaller; the best takes seconds for a megabyte. */
const [BRIEF_QUALITY, LONG_QUALITY] = [3, 5];
/** Bytes from which on compressing saves more than its headers. */
const WORTH = 256;

const gzipped = promisify(gzip);
const brotlied = promisify(brotliCompress);

/** The bytes of a document, between whose pieces others have their turn. */
export async function written({ variant, contentType, body }: KeptDocument): Promise<MadeDocument> {
  const pieces: Buffer[] = [];
  const turns = new Turns();
  for await (const text of body) {
    const piece = Buffer.from(text);
    pieces.push(piece);
    if (turns.isOver(piece.byteLength)) await turns.pass();
  }
  const identity = new Uint8Array(Buffer.concat(pieces));
  const etag = createHash('sha256').update(identity).digest('base64url').slice(0, 27);
  return { variant, contentType, etag, bodies: { identity } };
}

/** Compressed for whoever asks from then on: what is long by threads of the runtime. */
export async function code({ bodies }: MadeDocument): Promise<void> {
  const { identity } = bodies;
  const { byteLength } = identity;
  if (byteLength < WORTH) return;
  if (byteLength <= BRIEF) {
    bodies.gzip = Bun.gzipSync(identity);
    bodies.br = new Uint8Array(brotliCompressSync(identity, brotliOf(BRIEF_QUALITY, byteLength)));
    return;
  }
  const long = brotliOf(LONG_QUALITY, byteLength);
  const [zipped, brotli] = await Promise.all([gzipped(identity), brotlied(identity, long)]);
  bodies.gzip = new Uint8Array(zipped);
  bodies.br = new Uint8Array(brotli);
}

/** The window is no larger than the text, since all of it is made ready first. */
const brotliOf = (quality: number, byteLength: number) => ({
  params: {
    [constants.BROTLI_PARAM_QUALITY]: quality,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_SIZE_HINT]: byteLength,
    [constants.BROTLI_PARAM_LGWIN]: Math.min(
      constants.BROTLI_DEFAULT_WINDOW,
      Math.max(constants.BROTLI_MIN_WINDOW_BITS, Math.ceil(Math.log2(byteLength))),
    ),
  },
});
