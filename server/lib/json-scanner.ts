import { isUtf8 } from 'node:buffer';
import { invalid, RegistryError } from '../core/error.ts';
import { JsonText } from './json-text.ts';

const [QUOTE, OBJECT] = [0x22, 0x7b];

/** What is to become of a value that a scanner comes to. */
export type Wish =
  /** It must be an object: each of its members is asked about, and none may be there twice. */
  | { readonly kind: 'walk' }
  /** Its bytes as they came, without the blanks around it. UTF-8; objects inside are not searched for doubled keys. */
  | { readonly kind: 'collect'; done(raw: Uint8Array<ArrayBuffer>): void }
  /** It must be a string: its content without escapes, in pieces that are good during the call only. */
  | { readonly kind: 'stream'; piece(content: Uint8Array<ArrayBuffer>): void; end(): void }
  /** It must be JSON, and is let go. */
  | { readonly kind: 'skip' };

/** Keys from the root, whose own path is empty. Good during the call only. */
export type Ask = (path: readonly string[]) => Wish;

export interface ScannerLimits {
  /** Objects and lists inside each other. */
  readonly deepest: number;
  /** Bytes of one key of a walked object, as written. */
  readonly longestKey: number;
  /** Bytes of all that is collected, and of all keys of walked objects. */
  readonly mostCollected: number;
}

/**
 * Reads JSON as it arrives, in pieces of any size, and keeps no more of it than is asked for. INVALID_ARGUMENT
 * (BODY_INVALID) for what is not JSON (RFC 8259) or not what was wished for, SIZE_LIMIT past a limit. Nobody checks
 * that a streamed or skipped string is UTF-8.
 */
export class JsonScanner {
  readonly #ask: Ask;
  readonly #limits: ScannerLimits;
  readonly #text: JsonText;
  /** Keys of the walked objects that are open, and the key that is being read in each. */
  readonly #walked: Set<string>[] = [];
  readonly #path: string[] = [];
  /** For the value that is being read, unless it is walked; and how many containers are around it. */
  #wish: Wish | undefined;
  #base = 0;
  #kept = new Uint8Array(1024);
  #length = 0;
  #collected = 0;
  /** Where in the piece at hand the bytes begin that are kept; -1 for none. */
  #from = -1;

  constructor(ask: Ask, limits: ScannerLimits) {
    this.#ask = ask;
    this.#limits = limits;
    this.#text = new JsonText(limits.deepest, {
      valueBegins: (first, at) => this.#valueBegins(first, at),
      valueEnds: (piece, end) => this.#valueEnds(piece, end),
      keyBegins: (at) => {
        if (!this.#wish) this.#from = at;
      },
      keyEnds: (piece, end) => {
        if (!this.#wish) this.#keyEnds(this.#take(piece, end));
      },
      content: (bytes) => {
        if (this.#wish?.kind === 'stream') this.#wish.piece(bytes);
      },
    });
  }

  push(piece: Uint8Array<ArrayBuffer>): void {
    this.#text.push(piece);
    if (this.#from < 0) return;
    this.#keep(piece, piece.byteLength);
    this.#from = 0;
  }

  /** There is no more to come. */
  finish(): void {
    this.#text.finish();
  }

  #valueBegins(first: number, at: number): void {
    if (this.#wish) return;
    const wish = this.#ask(this.#path);
    if (wish.kind === 'walk') {
      if (first !== OBJECT) throw this.#refuse('is not an object');
      this.#walked.push(new Set());
      return;
    }
    if (wish.kind === 'stream' && first !== QUOTE) throw this.#refuse('is not a string');
    this.#wish = wish;
    this.#base = this.#text.depth;
    this.#text.wantContent = wish.kind === 'stream';
    if (wish.kind === 'collect') this.#from = at;
  }

  #valueEnds(piece: Uint8Array<ArrayBuffer>, end: number): void {
    const wish = this.#wish;
    if (wish) {
      if (this.#text.depth !== this.#base) return;
      this.#text.wantContent = false;
      if (wish.kind === 'collect') wish.done(this.#take(piece, end));
      if (wish.kind === 'stream') wish.end();
      this.#wish = undefined;
    } else this.#walked.pop();
    this.#path.pop();
  }

  #keyEnds(raw: Uint8Array<ArrayBuffer>): void {
    const key = JSON.parse(new TextDecoder().decode(raw)) as string;
    const keys = this.#walked.at(-1);
    if (keys?.has(key)) throw this.#refuse(`has the key ${JSON.stringify(key.slice(0, 200))} twice`);
    keys?.add(key);
    this.#path.push(key);
  }

  #keep(piece: Uint8Array<ArrayBuffer>, end: number): void {
    const part = piece.subarray(this.#from, end);
    this.#collected += part.byteLength;
    if (this.#collected > this.#limits.mostCollected)
      throw tooLarge(`the body has more than ${this.#limits.mostCollected} bytes besides its files`);
    const length = this.#length + part.byteLength;
    if (!this.#wish && length > this.#limits.longestKey)
      throw tooLarge(`a key of the body is longer than ${this.#limits.longestKey} bytes`);
    if (length > this.#kept.byteLength) {
      const larger = new Uint8Array(length * 2);
      larger.set(this.#kept.subarray(0, this.#length));
      this.#kept = larger;
    }
    this.#kept.set(part, this.#length);
    this.#length = length;
  }

  /** All that is kept, up to `end` of this piece. */
  #take(piece: Uint8Array<ArrayBuffer>, end: number): Uint8Array<ArrayBuffer> {
    this.#keep(piece, end);
    const raw = this.#kept.slice(0, this.#length);
    this.#length = 0;
    this.#from = -1;
    if (!isUtf8(raw)) throw this.#refuse('is not UTF-8');
    return raw;
  }

  #refuse(what: string): RegistryError {
    const where = this.#path.length === 0 ? 'the body' : `${this.#path.join('.').slice(0, 200)} of the body`;
    return invalid('BODY_INVALID', `${where} ${what}`);
  }
}

const tooLarge = (message: string): RegistryError =>
  new RegistryError('INVALID_ARGUMENT', 'SIZE_LIMIT', message);
