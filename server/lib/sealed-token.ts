import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * State handed to a client to bring back: readable by anyone, made only by us. HMAC-SHA256 over the purpose and
 * the payload, so that a token of one purpose is no good for another.
 */
export class TokenSealer {
  readonly #key: Uint8Array;
  readonly #purpose: string;

  constructor(key: Uint8Array, purpose: string) {
    this.#key = key;
    this.#purpose = purpose;
  }

  seal(payload: unknown): string {
    const text = Buffer.from(JSON.stringify(payload)).toString('base64url');
    return `${text}.${this.#mac(text).toString('base64url')}`;
  }

  /** The payload, or nothing for a token that is not ours, whole and of this purpose. */
  open(token: string): unknown {
    const [text = '', mac = '', ...more] = token.split('.');
    const given = Buffer.from(mac, 'base64url');
    const right = this.#mac(text);
    if (more.length > 0 || given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  }

  #mac(text: string): Buffer {
    return createHmac('sha256', this.#key).update(`${this.#purpose}\n${text}`).digest();
  }
}
