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
export async function code(
  { bodies }: Pick<MadeDocument, 'bodies'>,
  codings: readonly Compressed[] = ['gzip', 'br'],
): Promise<void> {
  const { identity } = bodies;
  if (identity.byteLength < WORTH) return;
  const how = identity.byteLength <= BRIEF ? BRIEFLY : AT_LENGTH;
  await Promise.all(
    codings.map(async (coding) => {
      bodies[coding] = await how[coding](identity);
    }),
  );
}

type Compressed = Exclude<Coding, 'identity'>;
type Compress = (text: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;

const BRIEFLY: Readonly<Record<Compressed, Compress>> = {
  gzip: (text) => Bun.gzipSync(text),
  br: (text) => new Uint8Array(brotliCompressSync(text, brotliOf(BRIEF_QUALITY, text.byteLength))),
};
const AT_LENGTH: Readonly<Record<Compressed, Compress>> = {
  gzip: async (text) => new Uint8Array(await gzipped(text)),
  br: async (text) => new Uint8Array(await brotlied(text, brotliOf(LONG_QUALITY, text.byteLength))),
};

/** With gzip. */
export const zipped = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
  (bytes.byteLength <= BRIEF ? BRIEFLY : AT_LENGTH).gzip(bytes);

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
