import { invalid } from '../core/error.ts';
import type { Condition } from '../core/resources.ts';

const LONGEST = 2048;

/** `"…"` with backslash escapes, `` `…` ``, or a bare word. */
const QUOTED = /"((?:[^"\\]|\\.)*)"|`([^`]*)`/y;
const BARE = /[^\s"`]+/y;
const WORD = /[^\s"`:=<>!()]+/y;
const FIELD = /[A-Za-z_]+/y;
const OPERATOR = /\s*([:=])\s*/y;

type Fields = readonly Condition['field'][];

/**
 * The one comparison that Artifact Registry's lists take (list requests' `filter`): `name="…"` with `*` for any
 * text, `annotations.KEY:VALUE`, `annotations.KEY` for "has it", back-ticks around keys and values with specials.
 */
export function parseFilter(text: string, fields: Fields): Condition {
  const reader = new Reader(text.slice(0, LONGEST + 1).trim());
  const field = reader.field(fields);
  if (field === 'annotations') return annotations(reader);
  reader.operator();
  const pattern = reader.value();
  reader.end();
  return { field, pattern };
}

function annotations(reader: Reader): Condition {
  // `annotations:KEY` asks for the key, as `annotations.KEY` does.
  const hasKey = !reader.takes('.') && reader.takes(':');
  const key = reader.key();
  if (hasKey || reader.isAtEnd) {
    reader.end();
    return { field: 'annotations', key, pattern: '*' };
  }
  reader.operator();
  const pattern = reader.value();
  reader.end();
  return { field: 'annotations', key, pattern };
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    if (text.length > LONGEST) throw this.#refusal(`it is longer than ${LONGEST} characters`);
  }

  get isAtEnd(): boolean {
    return this.#text.slice(this.#at).trim() === '';
  }

  field(known: Fields): Condition['field'] {
    const word = this.#match(FIELD)?.[0] ?? '';
    const field = known.find((candidate) => candidate === word.toLowerCase());
    if (!field)
      throw this.#refusal(known.length === 0 ? 'this list has no filter' : `filter by ${known.join(' or ')}`);
    return field;
  }

  takes(mark: string): boolean {
    if (!this.#text.startsWith(mark, this.#at)) return false;
    this.#at += mark.length;
    return true;
  }

  key(): string {
    const key = this.#quoted() ?? this.#match(WORD)?.[0];
    if (!key) throw this.#refusal('an annotation needs a key');
    return key;
  }

  operator(): void {
    if (!this.#match(OPERATOR)) throw this.#refusal('compare with =');
  }

  value(): string {
    const value = this.#quoted() ?? this.#match(BARE)?.[0] ?? '';
    if (value === '') throw this.#refusal('there is nothing to compare with');
    return value;
  }

  end(): void {
    if (!this.isAtEnd) throw this.#refusal('a filter is one comparison');
  }

  #quoted(): string | undefined {
    const match = this.#match(QUOTED);
    return match && (match[1]?.replace(/\\(.)/gs, '$1') ?? match[2]);
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  #refusal(why: string) {
    return invalid(
      'FILTER_INVALID',
      `Request contains an invalid argument: invalid filter "${this.#text.slice(0, 100)}": ${why}.`,
      { field: 'filter' },
    );
  }
}
