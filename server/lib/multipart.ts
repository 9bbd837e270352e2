import type { ByteStream } from '../core/blob.ts';
import { invalid, RegistryError } from '../core/error.ts';

/** A part of a form (RFC 7578): what its headers say. */
export interface PartHead {
  readonly name: string;
  /** Given for files. */
  readonly filename?: string;
}

export interface MultipartLimits {
  readonly parts: number;
  /** Bytes of a part's headers. */
  readonly head: number;
}
const LIMITS: MultipartLimits = { parts: 10_000, head: 16 * 1024 };

const LINE = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');

/** The boundary that a content type names (RFC 2046 5.1.1). BODY_INVALID for anything else than a form with one. */
export function boundaryOf(contentType: string | null): string {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s";,]{1,70}))/i.exec(contentType ?? '') ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined || !/^\s*multipart\/form-data\s*;/i.test(contentType ?? ''))
    throw invalid(
      'BODY_INVALID',
      'the body must be multipart/form-data, with a boundary in its content-type',
    );
  return boundary;
}

/**
 * Reads a form part by part, in the order in which they are sent, and holds no more of it than `take` does. What `take`
 * leaves of a part is skipped. INVALID_ARGUMENT (BODY_INVALID, SIZE_LIMIT) for a body that is no such form, or is cut off.
 */
export async function readMultipart(
  body: ByteStream,
  boundary: string,
  take: (head: PartHead, content: ByteStream) => Promise<void>,
  limits: MultipartLimits = LIMITS,
): Promise<void> {
  const source = new Source(body);
  try {
    await parts(source, Buffer.from(`\r\n--${boundary}`), take, limits);
    await source.drain();
  } catch (error) {
    await source.cancel();
    throw error;
  }
}

async function parts(
  source: Source,
  delimiter: Buffer,
  take: (head: PartHead, content: ByteStream) => Promise<void>,
  limits: MultipartLimits,
): Promise<void> {
  // The first delimiter may have no line in front of it.
  source.unread(LINE);
  while ((await source.until(delimiter)) !== undefined);
  for (let count = 0; !(await isLast(source)); count += 1) {
    if (count === limits.parts) throw tooMuch(`the form has more than ${limits.parts} parts`);
    const head = headOf(await headerBlock(source, limits.head));
    const content = contentOf(source, delimiter);
    await take(head, content.stream);
    await content.skip();
  }
}

/** Behind a delimiter: `--` where it was the last one, else the end of its line. */
async function isLast(source: Source): Promise<boolean> {
  const mark = await source.exactly(2);
  if (mark.equals(Buffer.from('--'))) return true;
  source.unread(mark);
  const padding = Buffer.concat(await source.upTo(LINE, 256));
  if (!/^[ \t]*$/.test(padding.toString('latin1'))) throw refuse('a boundary has something behind it');
  return false;
}

async function headerBlock(source: Source, limit: number): Promise<string> {
  // A part without headers begins with an empty line at once.
  source.unread(LINE);
  return Buffer.concat(await source.upTo(HEAD_END, limit)).toString('utf8');
}

function headOf(text: string): PartHead {
  const line = text.split('\r\n').find((each) => /^content-disposition\s*:/i.test(each)) ?? '';
  const name = parameter(line, 'name');
  if (!/^content-disposition\s*:\s*form-data\s*;/i.test(line) || name === undefined)
    throw refuse('a part has no content-disposition of a form with a name');
  const filename = parameter(line, 'filename');
  return { name, ...(filename !== undefined && { filename }) };
}

/** Clients write quotes as `%22` (the HTML standard) or behind a backslash. */
function parameter(line: string, name: string): string | undefined {
  const [, quoted, plain] =
    new RegExp(String.raw`;\s*${name}=(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))`, 'i').exec(line) ?? [];
  return quoted?.replaceAll(/\\(["\\])/g, '$1').replaceAll('%22', '"') ?? plain;
}

function contentOf(source: Source, delimiter: Buffer) {
  let ended = false;
  const next = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    if (ended) return undefined;
    const bytes = await source.until(delimiter);
    ended = bytes === undefined;
    return bytes;
  };
  const stream: ByteStream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const bytes = await next();
        if (bytes) controller.enqueue(bytes);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return {
    stream,
    async skip(): Promise<void> {
      while ((await next()) !== undefined);
    },
  };
}

/** A body that can be read up to a mark. */
class Source {
  readonly #pieces: AsyncIterator<Uint8Array<ArrayBuffer>>;
  #held: Buffer<ArrayBuffer> = Buffer.alloc(0);

  constructor(body: ByteStream) {
    this.#pieces = body[Symbol.asyncIterator]();
  }

  unread(bytes: Buffer): void {
    this.#held = Buffer.concat([bytes, this.#held]);
  }

  /** Some bytes of what stands before the mark; nothing once that is over, and the mark with it. */
  async until(mark: Buffer): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (;;) {
      const at = this.#held.indexOf(mark);
      if (at === 0) {
        this.#held = this.#held.subarray(mark.length);
        return undefined;
      }
      if (at > 0) return this.#take(at);
      // The mark may have begun in the last bytes.
      const sure = this.#held.length - mark.length + 1;
      if (sure > 0) return this.#take(sure);
      await this.#more();
    }
  }

  async upTo(mark: Buffer, limit: number): Promise<readonly Buffer[]> {
    const pieces: Buffer[] = [];
    let length = 0;
    for (let piece = await this.until(mark); piece; piece = await this.until(mark)) {
      length += piece.byteLength;
      if (length > limit) throw tooMuch(`the headers of a part are longer than ${limit} bytes`);
      pieces.push(Buffer.from(piece));
    }
    return pieces;
  }

  async exactly(length: number): Promise<Buffer> {
    while (this.#held.length < length) await this.#more();
    return Buffer.from(this.#take(length));
  }

  /** What is behind the last boundary says nothing. */
  async drain(): Promise<void> {
    while (!(await this.#pieces.next()).done);
  }

  async cancel(): Promise<void> {
    await this.#pieces.return?.().catch(() => undefined);
  }

  #take(length: number): Uint8Array<ArrayBuffer> {
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return new Uint8Array(taken.buffer, taken.byteOffset, taken.byteLength);
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#pieces.next();
    if (done === true) throw refuse('it ends before its last boundary');
    this.#held =
      this.#held.length === 0
        ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
        : Buffer.concat([this.#held, value]);
  }
}

const refuse = (why: string): RegistryError => invalid('BODY_INVALID', `the form is not taken: ${why}`);
const tooMuch = (why: string): RegistryError =>
  new RegistryError('INVALID_ARGUMENT', 'SIZE_LIMIT', `the form is not taken: ${why}`);
