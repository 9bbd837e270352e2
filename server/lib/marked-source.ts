import type { ByteStream } from '../core/blob.ts';
import { invalid, RegistryError } from '../core/error.ts';

/** A body that can be read up to a mark. */
export class MarkedSource {
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

/** The refusal of a body that is not made of the parts that it should be. */
export const refuse = (why: string): RegistryError =>
  invalid('BODY_INVALID', `the body is not taken: ${why}`);
export const tooMuch = (why: string): RegistryError =>
  new RegistryError('INVALID_ARGUMENT', 'SIZE_LIMIT', `the body is not taken: ${why}`);

/** What stands before the next mark, as it is read. */
export function untilMark(source: MarkedSource, mark: Buffer) {
  let ended = false;
  const next = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    if (ended) return undefined;
    const bytes = await source.until(mark);
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
