import { isScalar, SCALAR } from './json-scalar.ts';

const [QUOTE, BACKSLASH, SPACE, COMMA, COLON] = [0x22, 0x5c, 0x20, 0x2c, 0x3a];
const [OBJECT, OBJECT_END, LIST, LIST_END] = [0x7b, 0x7d, 0x5b, 0x5d];
/** After a backslash: themselves, and `u` with four hex digits. */
const ESCAPES: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));
const U = 0x75;
const DEEPEST = 100;
/** A power of two: how many keys are remembered at most, and how long each may be. */
const KNOWN = 128;
const LONGEST_KNOWN = 32;

/**
 * Goes through JSON bytes that are in memory, and makes no values of what nobody asks for: a part that is only passed
 * on stays the bytes that it is. SyntaxError for what is not JSON (RFC 8259). The bytes are UTF-8; that is not checked.
 */
export class JsonReader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #buffer: Buffer;
  /** Whether an object or list was entered and nothing in it seen. */
  #fresh = false;
  #keyAt = 0;
  readonly #keys: string[] = [];
  /** Where the next token is, or blanks in front of it. */
  at: number;

  constructor(bytes: Uint8Array<ArrayBuffer>, at = 0) {
    this.#bytes = bytes;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  /** Whether the next value is an object, and if so goes into it. */
  enter(): boolean {
    if (this.#peek() !== OBJECT) return false;
    this.at += 1;
    this.#fresh = true;
    return true;
  }

  /** Whether the next value is a list, and if so goes into it. */
  enterList(): boolean {
    if (this.#peek() !== LIST) return false;
    this.at += 1;
    this.#fresh = true;
    return true;
  }

  /** Whether the list has another item, whose value is next then; at its end, which is left, it has none. */
  item(): boolean {
    const first = this.#fresh;
    this.#fresh = false;
    const byte = this.#peek();
    if (byte === LIST_END) {
      this.at += 1;
      return false;
    }
    if (!first) {
      if (byte !== COMMA) throw this.#unexpected();
      this.at += 1;
    }
    return true;
  }

  /** The key of the next member of the object, whose value is next then; nothing at its end, which is left. */
  key(): string | undefined {
    const first = this.#fresh;
    this.#fresh = false;
    let byte = this.#peek();
    if (byte === OBJECT_END) {
      this.at += 1;
      return undefined;
    }
    if (!first) {
      if (byte !== COMMA) throw this.#unexpected();
      this.at += 1;
      byte = this.#peek();
    }
    if (byte !== QUOTE) throw this.#unexpected();
    this.#keyAt = this.at;
    const key = this.#knownKey() ?? this.#text();
    if (this.#peek() !== COLON) throw this.#unexpected();
    this.at += 1;
    return key;
  }

  /** Where the last key begins, with its quote. */
  get keyAt(): number {
    return this.#keyAt;
  }

  /** Where the next value begins, without blanks. */
  start(): number {
    this.#peek();
    return this.at;
  }

  /** Passes over the next value. */
  skip(): void {
    this.#value(0);
  }

  /** Passes over the next value; whether it is a string. */
  skipString(): boolean {
    const isString = this.#peek() === QUOTE;
    this.#value(0);
    return isString;
  }

  /** The next value if it is a string; else passes over it. */
  string(): string | undefined {
    if (this.#peek() === QUOTE) return this.#text();
    this.#value(0);
    return undefined;
  }

  /** Holds the text to be at its end. */
  finish(): void {
    if (this.start() < this.#bytes.byteLength) throw this.#unexpected();
  }

  #value(depth: number): void {
    switch (this.#peek()) {
      case QUOTE:
        this.#string();
        return;
      case OBJECT:
        this.#items(depth, OBJECT_END);
        return;
      case LIST:
        this.#items(depth, LIST_END);
        return;
      default:
        this.#scalar();
    }
  }

  /** An object or a list, at its opening bracket. */
  #items(depth: number, closing: number): void {
    if (depth === DEEPEST) throw new SyntaxError(`it is nested more than ${DEEPEST} deep`);
    this.at += 1;
    if (this.#peek() === closing) {
      this.at += 1;
      return;
    }
    for (;;) {
      if (closing === OBJECT_END) this.#member();
      this.#value(depth + 1);
      const byte = this.#peek();
      this.at += 1;
      if (byte === closing) return;
      if (byte !== COMMA) throw this.#unexpected(this.at - 1);
    }
  }

  #member(): void {
    if (this.#peek() !== QUOTE) throw this.#unexpected();
    this.#string();
    if (this.#peek() !== COLON) throw this.#unexpected();
    this.at += 1;
  }

  /** Short plain keys are the same thousands of times, and made once. Nothing, and the reader stays, for others. */
  #knownKey(): string | undefined {
    const from = this.at + 1;
    let hash = 0;
    let at = from;
    for (let byte = this.#bytes[at] ?? 0; byte !== QUOTE; byte = this.#bytes[at] ?? 0) {
      if (byte < SPACE || byte > 0x7e || byte === BACKSLASH || at - from === LONGEST_KNOWN) return undefined;
      hash = (hash * 31 + byte) | 0;
      at += 1;
    }
    const slot = hash & (KNOWN - 1);
    const known = this.#keys[slot] ?? '';
    let same = at - from;
    if (known.length === same)
      while (same > 0 && known.charCodeAt(same - 1) === this.#bytes[from + same - 1]) same -= 1;
    this.at = at + 1;
    if (same === 0) return known;
    const key = this.#buffer.toString('latin1', from, at);
    this.#keys[slot] = key;
    return key;
  }

  #text(): string {
    const from = this.at;
    const plain = this.#string();
    const text = this.#buffer.toString('utf8', from, this.at);
    return plain ? text.slice(1, -1) : (JSON.parse(text) as string);
  }

  /** Passes over a string at its opening quote; whether it is without escapes. */
  #string(): boolean {
    const bytes = this.#bytes;
    let plain = true;
    for (let at = this.at + 1; ; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH) continue;
      if (byte === QUOTE) {
        this.at = at + 1;
        return plain;
      }
      if (byte !== BACKSLASH) throw this.#unexpected(at);
      plain = false;
      at += 1;
      const escape = bytes[at] ?? 0;
      if (escape === U) at = this.#hex(at);
      else if (!ESCAPES.has(escape)) throw this.#unexpected(at);
    }
  }

  #hex(at: number): number {
    for (let digit = at + 1; digit <= at + 4; digit += 1) {
      const byte = this.#bytes[digit] ?? 0;
      const isHex =
        (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
      if (!isHex) throw this.#unexpected(digit);
    }
    return at + 4;
  }

  #scalar(): void {
    const from = this.at;
    for (let byte = this.#bytes[from] ?? 0; isScalar(byte); byte = this.#bytes[this.at] ?? 0) this.at += 1;
    if (!SCALAR.test(this.#buffer.toString('latin1', from, Math.min(this.at, from + 1000))))
      throw this.#unexpected(from);
  }

  /** The next byte that is not blank; 0 at the end. */
  #peek(): number {
    for (; ; this.at += 1) {
      const byte = this.#bytes[this.at] ?? 0;
      if (byte > SPACE || (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return byte;
    }
  }

  #unexpected(at = this.at): SyntaxError {
    if (at >= this.#bytes.byteLength) return new SyntaxError('it ends too early');
    return new SyntaxError(`unexpected byte ${this.#bytes[at] ?? 0} at ${at}`);
  }
}
