import { invalid } from '../core/error.ts';
import { isScalar, SCALAR } from './json-scalar.ts';

const [QUOTE, BACKSLASH, SPACE] = [0x22, 0x5c, 0x20];
const [OBJECT, OBJECT_END, LIST, LIST_END] = [0x7b, 0x7d, 0x5b, 0x5d];
const [COMMA, COLON, HIGH_SURROGATE] = [0x2c, 0x3a, 0xd800];
/** No honest number is longer, and it is kept until it ends. */
const LONGEST_SCALAR = 1_000;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** What may come next. `item` and `member` come after an opening bracket, where the closing one may follow. */
type Next = 'value' | 'item' | 'member' | 'key' | 'colon' | 'after' | 'string' | 'scalar' | 'nothing';

/** What is found in a text, in order. Positions are in the piece that is being read; ends are exclusive. */
export interface JsonEvents {
  valueBegins(first: number, at: number): void;
  /** `depth` is again what it was when the value began. */
  valueEnds(piece: Uint8Array<ArrayBuffer>, end: number): void;
  keyBegins(at: number): void;
  keyEnds(piece: Uint8Array<ArrayBuffer>, end: number): void;
  /** A part of the string that is being read, without its escapes. */
  content(bytes: Uint8Array<ArrayBuffer>): void;
}

/** The grammar of JSON (RFC 8259), for a text that comes in pieces. INVALID_ARGUMENT (BODY_INVALID) for what breaks it. */
export class JsonText {
  /** Whether `content` is told of the string that begins now. */
  wantContent = false;
  readonly #deepest: number;
  readonly #events: JsonEvents;
  readonly #encoder = new TextEncoder();
  /** Containers that are open: whether each is an object. */
  readonly #open: boolean[] = [];
  #next: Next = 'value';
  #isKey = false;
  /** A number, true, false or null, as far as it came. */
  #scalar = '';
  /** An escape as far as it came, from its backslash; empty outside of any. */
  #escape = '';
  /** The first half of a pair of \u escapes, until the other came. */
  #half = 0;
  /** Bytes of all pieces before the one at hand. */
  #offset = 0;

  constructor(deepest: number, events: JsonEvents) {
    this.#deepest = deepest;
    this.#events = events;
  }

  /** Containers around what is being read. */
  get depth(): number {
    return this.#open.length;
  }

  push(piece: Uint8Array<ArrayBuffer>): void {
    for (let at = 0; at < piece.byteLength;)
      if (this.#next === 'string')
        at = this.#escape === '' ? this.#plain(piece, at) : this.#escaped(piece, at);
      else if (this.#next === 'scalar') at = this.#inScalar(piece, at);
      else at = this.#structure(piece, at);
    this.#offset += piece.byteLength;
  }

  /** There is no more to come. */
  finish(): void {
    if (this.#next === 'scalar') this.#endScalar(new Uint8Array(), 0);
    if (this.#next !== 'nothing') throw invalid('BODY_INVALID', 'the body is not JSON: it ends too early');
  }

  #structure(piece: Uint8Array<ArrayBuffer>, at: number): number {
    const byte = piece[at] ?? 0;
    if (byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09) return at + 1;
    switch (this.#next) {
      case 'item':
        if (byte === LIST_END) return this.#close(piece, at);
        return this.#begin(byte, at);
      case 'value':
        return this.#begin(byte, at);
      case 'member':
        if (byte === OBJECT_END) return this.#close(piece, at);
        return this.#beginKey(byte, at);
      case 'key':
        return this.#beginKey(byte, at);
      case 'colon':
        if (byte !== COLON) throw this.#unexpected(byte, at);
        this.#next = 'value';
        return at + 1;
      case 'after':
        if (byte === (this.#open.at(-1) ? OBJECT_END : LIST_END)) return this.#close(piece, at);
        if (byte !== COMMA) throw this.#unexpected(byte, at);
        this.#next = this.#open.at(-1) ? 'key' : 'value';
        return at + 1;
      case 'nothing':
      case 'string':
      case 'scalar':
    }
    throw this.#unexpected(byte, at);
  }

  #begin(byte: number, at: number): number {
    const container = byte === OBJECT || byte === LIST;
    if (!container && byte !== QUOTE && !isScalar(byte)) throw this.#unexpected(byte, at);
    if (container && this.#open.length === this.#deepest)
      throw invalid('BODY_INVALID', `the body is not taken: it is nested more than ${this.#deepest} deep`);
    this.#events.valueBegins(byte, at);
    if (container) {
      this.#open.push(byte === OBJECT);
      this.#next = byte === OBJECT ? 'member' : 'item';
      return at + 1;
    }
    this.#isKey = false;
    this.#next = byte === QUOTE ? 'string' : 'scalar';
    return byte === QUOTE ? at + 1 : at;
  }

  #beginKey(byte: number, at: number): number {
    if (byte !== QUOTE) throw this.#unexpected(byte, at);
    this.#events.keyBegins(at);
    this.#isKey = true;
    this.#next = 'string';
    return at + 1;
  }

  #close(piece: Uint8Array<ArrayBuffer>, at: number): number {
    this.#open.pop();
    return this.#endValue(piece, at + 1);
  }

  #endValue(piece: Uint8Array<ArrayBuffer>, end: number): number {
    this.#next = this.#open.length === 0 ? 'nothing' : 'after';
    this.#events.valueEnds(piece, end);
    return end;
  }

  #inScalar(piece: Uint8Array<ArrayBuffer>, at: number): number {
    let end = at;
    while (end < piece.byteLength && isScalar(piece[end] ?? 0)) end += 1;
    this.#scalar += Buffer.from(piece.buffer, piece.byteOffset + at, end - at).toString('latin1');
    if (this.#scalar.length > LONGEST_SCALAR)
      throw invalid('BODY_INVALID', `the body is not taken: a number is longer than ${LONGEST_SCALAR} bytes`);
    return end === piece.byteLength ? end : this.#endScalar(piece, end);
  }

  #endScalar(piece: Uint8Array<ArrayBuffer>, end: number): number {
    if (!SCALAR.test(this.#scalar))
      throw invalid(
        'BODY_INVALID',
        `the body is not JSON: ${JSON.stringify(this.#scalar.slice(0, 40))} is no value`,
      );
    this.#scalar = '';
    return this.#endValue(piece, end);
  }

  /** One pass over every byte, which is as quick as one pass for each byte that ends it. */
  #plain(piece: Uint8Array<ArrayBuffer>, at: number): number {
    const length = piece.byteLength;
    let end = at;
    let byte = 0;
    for (; end < length; end += 1) {
      byte = piece[end] ?? 0;
      if (byte === QUOTE || byte === BACKSLASH || byte < SPACE) break;
    }
    if (this.wantContent && !this.#isKey && end > at) {
      this.#endHalf();
      this.#events.content(piece.subarray(at, end));
    }
    if (end === length) return end;
    if (byte === BACKSLASH) {
      this.#escape = '\\';
      return end + 1;
    }
    if (byte !== QUOTE) throw this.#unexpected(byte, end);
    this.#endHalf();
    if (!this.#isKey) return this.#endValue(piece, end + 1);
    this.#next = 'colon';
    this.#events.keyEnds(piece, end + 1);
    return end + 1;
  }

  #escaped(piece: Uint8Array<ArrayBuffer>, at: number): number {
    const byte = piece[at] ?? 0;
    const letter = String.fromCharCode(byte);
    this.#escape += letter;
    if (this.#escape.length === 2) {
      if (letter === 'u') return at + 1;
      const meant = ESCAPES[letter];
      if (meant === undefined) throw this.#unexpected(byte, at);
      this.#escape = '';
      this.#unit(meant.charCodeAt(0));
      return at + 1;
    }
    if (!/[0-9a-fA-F]/.test(letter)) throw this.#unexpected(byte, at);
    if (this.#escape.length < 6) return at + 1;
    const unit = Number.parseInt(this.#escape.slice(2), 16);
    this.#escape = '';
    this.#unit(unit);
    return at + 1;
  }

  /** An escaped UTF-16 code unit, which may be half a character. */
  #unit(unit: number): void {
    if (!this.wantContent || this.#isKey) return;
    const isLow = (unit & 0xfc00) === 0xdc00;
    if (this.#half !== 0 && isLow) {
      this.#events.content(this.#encoder.encode(String.fromCharCode(this.#half, unit)));
      this.#half = 0;
      return;
    }
    this.#endHalf();
    if ((unit & 0xfc00) === HIGH_SURROGATE) this.#half = unit;
    else this.#events.content(this.#encoder.encode(String.fromCharCode(unit)));
  }

  /** A half without the other is what TextEncoder makes of it. */
  #endHalf(): void {
    if (this.#half === 0) return;
    this.#events.content(this.#encoder.encode(String.fromCharCode(this.#half)));
    this.#half = 0;
  }

  #unexpected(byte: number, at: number): Error {
    const shown = byte > SPACE && byte < 0x7f ? `'${String.fromCharCode(byte)}'` : `byte ${byte}`;
    return invalid('BODY_INVALID', `the body is not JSON: unexpected ${shown} at ${this.#offset + at}`);
  }
}
