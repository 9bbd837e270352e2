import type { ByteStream } from '../../core/blob.ts';

/** Bytes in a full piece: enough that the cost of a write call disappears, little enough to hash in a blink. */
const PIECE = 512 * 1024;
/** A chunk this large is worth a write of its own, without copying. */
const LARGE = 256 * 1024;

/**
 * A body cut and joined into pieces of a good size for writing, whatever the size of its chunks. Holds at most two
 * pieces: while the consumer still writes one, the next is filled. So a piece may be used until the next but one is
 * asked for, and no longer.
 *
 * A body that breaks off ends the iteration like any other, after its last byte; `rethrow` then says why.
 * Leaving the iteration early cancels the body.
 *
 * `prompt` joins nothing, so that each chunk can be written as soon as it is there.
 */
export class Pieces implements AsyncIterable<Uint8Array<ArrayBuffer>> {
  readonly #body: ByteStream;
  readonly #large: number;
  #failure: { readonly cause: unknown } | undefined;

  constructor(body: ByteStream, { prompt = false } = {}) {
    this.#body = body;
    this.#large = prompt ? 0 : LARGE;
  }

  rethrow(): void {
    if (this.#failure) throw this.#failure.cause;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const joined = new Joiner();
    try {
      for await (const chunk of this.#body) {
        if (chunk.byteLength >= this.#large) {
          if (joined.length > 0) yield joined.take();
          for (let at = 0; at < chunk.byteLength; at += PIECE) yield chunk.subarray(at, at + PIECE);
        } else {
          if (joined.length + chunk.byteLength > PIECE) yield joined.take();
          joined.add(chunk);
        }
      }
    } catch (cause) {
      this.#failure = { cause };
    }
    if (joined.length > 0) yield joined.take();
  }
}

/** Small chunks made into one. Two buffers take turns; a chunk that stays alone is not copied at all. */
class Joiner {
  #front: Uint8Array<ArrayBuffer> | undefined;
  #back: Uint8Array<ArrayBuffer> | undefined;
  #alone: Uint8Array<ArrayBuffer> | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(chunk: Uint8Array<ArrayBuffer>): void {
    if (this.#length === 0) this.#alone = chunk;
    else {
      const front = this.#roomFor(this.#length + chunk.byteLength);
      if (this.#alone) front.set(this.#alone);
      front.set(chunk, this.#length);
      this.#alone = undefined;
    }
    this.#length += chunk.byteLength;
  }

  /** The front buffer, which grows with what it is to hold: most bodies are far from a full piece. */
  #roomFor(bytes: number): Uint8Array<ArrayBuffer> {
    const front = this.#front ?? new Uint8Array();
    if (bytes <= front.byteLength) return front;
    const larger = new Uint8Array(Math.min(PIECE, bytes * 2));
    if (!this.#alone) larger.set(front.subarray(0, this.#length));
    this.#front = larger;
    return larger;
  }

  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#alone ?? this.#front?.subarray(0, this.#length) ?? new Uint8Array();
    if (!this.#alone) [this.#front, this.#back] = [this.#back, this.#front];
    this.#alone = undefined;
    this.#length = 0;
    return taken;
  }
}
