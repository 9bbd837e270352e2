import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * State handed to a client to bring back: readable by anyone, made only by us. HMAC-SHA256 over the purpose, the
 * payload and what it is bound to, so that a token is good for one purpose and in one place only. What it is bound
 * to is known again when it comes back, and so not part of it.
 */
export class TokenSealer {
  readonly #key: Uint8Array;
  readonly #purpose: string;

  constructor(key: Uint8Array, purpose: string) {
    this.#key = key;
    this.#purpose = purpose;
  }

  seal(payload: unknown, boundTo: unknown): string {
    const text = Buffer.from(JSON.stringify(payload)).toString('base64url');
    return `${text}.${this.#mac(text, boundTo).toString('base64url')}`;
  }

  /** The payload, or nothing for a token that is not ours, whole, of this purpose and bound to this. */
  open(token: string, boundTo: unknown): unknown {
    const [text = '', mac = '', ...more] = token.split('.');
    const given = Buffer.from(mac, 'base64url');
    const right = this.#mac(text, boundTo);
    if (more.length > 0 || given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  }

  #mac(text: string, boundTo: unknown): Buffer {
    const message = JSON.stringify([this.#purpose, boundTo, text]);
    return createHmac('sha256', this.#key).update(message).digest();
  }
}
