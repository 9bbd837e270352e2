import { invalid } from '../core/error.ts';

const PADDING = 0x3d;

/**
 * Decodes base64 (RFC 4648 4) that comes in pieces of any size. INVALID_ARGUMENT (BODY_INVALID) for anything but its
 * alphabet and the padding it needs: no blanks, no line breaks, no bits left over.
 */
export class Base64Decoder {
  /** Up to three characters that wait for what completes four. */
  #waiting = new Uint8Array();
  #padded = false;

  /** What can be decoded by now, which may be nothing. */
  push(piece: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (piece.byteLength === 0) return piece;
    if (this.#padded) throw refuse('something follows its padding');
    const missing = this.#waiting.byteLength === 0 ? 0 : 4 - this.#waiting.byteLength;
    const head = join(this.#waiting, piece.subarray(0, missing));
    const body = piece.subarray(missing);
    if (head.byteLength % 4 !== 0) {
      this.#waiting = head;
      return new Uint8Array();
    }
    const whole = body.byteLength - (body.byteLength % 4);
    this.#waiting = body.slice(whole);
    const first = this.#decode(head);
    if (this.#padded && body.byteLength > 0) throw refuse('something follows its padding');
    const rest = this.#decode(body.subarray(0, whole));
    if (this.#padded && this.#waiting.byteLength > 0) throw refuse('something follows its padding');
    return first.byteLength === 0 ? rest : join(first, rest);
  }

  /** There is no more to come. */
  finish(): void {
    if (this.#waiting.byteLength > 0) throw refuse('it ends too early');
  }

  #decode(quads: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const length = quads.byteLength;
    if (length === 0) return quads;
    const padding = Number(quads[length - 1] === PADDING) + Number(quads[length - 2] === PADDING);
    if (padding > 0) this.#padded = true;
    const text = Buffer.from(quads.buffer, quads.byteOffset, length).toString('latin1');
    let decoded: Uint8Array<ArrayBuffer>;
    try {
      decoded = Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' });
    } catch {
      throw refuse('it has other characters, or the wrong padding');
    }
    // The runtime's decoder passes over blanks.
    if (decoded.byteLength !== (length / 4) * 3 - padding) throw refuse('it has blanks');
    return decoded;
  }
}

const refuse = (why: string): Error => invalid('BODY_INVALID', `the body's data is not base64: ${why}`);

function join(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.byteLength + b.byteLength);
  both.set(a);
  both.set(b, a.byteLength);
  return both;
}
