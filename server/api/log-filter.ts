import {
  COMPARISONS,
  type Comparison,
  LOG_FIELDS,
  type LogField,
  type LogFilter,
  SEVERITIES,
} from '../core/audit-log.ts';
import { invalid, type RegistryError } from '../core/error.ts';

/** Cloud Logging's own limit, in characters. */
const LONGEST = 20_000;
const MOST_COMPARISONS = 200;
const DEEPEST = 50;

/** Space, and comments to the end of their line. */
const BLANK = /(?:\s|--[^\n]*)*/y;
const WORD = /[A-Za-z_][\w.]*/y;
const OPERATOR = /!=|<=|>=|=~|!~|[=:<>]/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/sy;
const BARE = /[^\s()"'=<>!~]+/y;
const INSTANT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/i;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/**
 * Reads the part of the Logging query language that audit entries are asked for in
 * (cloud.google.com/logging/docs/view/logging-query-language): comparisons of LOG_FIELDS and `log_id("…")`, joined by
 * NOT, OR and AND in this order of binding, AND also where nothing stands between two. Nothing for an empty one.
 */
export function parseLogFilter(text: string): LogFilter | undefined {
  const reader = new Reader(text);
  if (reader.atEnd) return undefined;
  const filter = reader.conjunction(() => reader.term());
  if (!reader.atEnd) throw reader.refusal('an operator or the end is expected');
  return filter;
}

class Reader {
  readonly #text: string;
  #at = 0;
  #comparisons = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    if (text.length > LONGEST) throw this.refusal(`it is longer than ${LONGEST} characters`);
    this.#match(BLANK);
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** What stands in parentheses, or nowhere: terms, for comparisons or for values alone. */
  conjunction(term: () => LogFilter): LogFilter {
    const parts = [this.#disjunction(term)];
    while (!this.atEnd && !this.#text.startsWith(')', this.#at)) {
      this.#takesWord('AND');
      parts.push(this.#disjunction(term));
    }
    return joined('and', parts);
  }

  #disjunction(term: () => LogFilter): LogFilter {
    const parts = [this.#negation(term)];
    while (this.#takesWord('OR')) parts.push(this.#negation(term));
    return joined('or', parts);
  }

  #negation(term: () => LogFilter): LogFilter {
    if (this.#takesWord('NOT') || this.#takes('-')) {
      return this.#deeper(() => ({ kind: 'not', part: this.#negation(term) }));
    }
    if (!this.#takes('(')) return term();
    const inner = this.#deeper(() => this.conjunction(term));
    if (!this.#takes(')')) throw this.refusal('a closing parenthesis is missing');
    return inner;
  }

  term(): LogFilter {
    const at = this.#at;
    const word = this.#match(WORD)?.[0];
    if (word === 'log_id' && this.#takes('(')) return this.#logId();
    const field = (Object.keys(LOG_FIELDS) as LogField[]).find((known) => known === word);
    if (!field) {
      this.#at = at;
      throw this.refusal(`a comparison of one of ${Object.keys(LOG_FIELDS).join(', ')} is expected`);
    }
    const sign = this.#match(OPERATOR)?.[0];
    if (sign === '=~' || sign === '!~')
      throw this.refusal('regular expressions are not possible here; ":" finds a part of a text');
    const operator = COMPARISONS.find((known) => known === sign);
    if (!operator) throw this.refusal(`one of ${COMPARISONS.join(' ')} is expected`);
    if (!this.#takes('(')) return this.#comparison(field, operator);
    const values = this.#deeper(() => this.conjunction(() => this.#comparison(field, operator)));
    if (!this.#takes(')')) throw this.refusal('a closing parenthesis is missing');
    return values;
  }

  #comparison(field: LogField, operator: Comparison): LogFilter {
    this.#counted();
    const quoted = this.#quoted();
    const text = quoted ?? this.#match(BARE)?.[0];
    if (text === undefined) throw this.refusal('a value is expected');
    if (operator === ':' && text === '*' && quoted === undefined) return { kind: 'present', field };
    return { kind: 'compare', field, operator, value: this.#valueOf(field, operator, text) };
  }

  #counted(): void {
    this.#comparisons += 1;
    if (this.#comparisons > MOST_COMPARISONS)
      throw this.refusal(`it has more than ${MOST_COMPARISONS} comparisons`);
  }

  #logId(): LogFilter {
    this.#counted();
    const log = this.#quoted() ?? this.#match(BARE)?.[0];
    if (log === undefined || !this.#takes(')')) throw this.refusal('log_id takes one name, in quotes');
    return { kind: 'log', log };
  }

  #valueOf(field: LogField, operator: Comparison, text: string): string | number {
    const type = LOG_FIELDS[field];
    if (type === 'text') return text;
    if (operator === ':') throw this.refusal(`${field} is compared with =, !=, <, <=, > or >=`);
    const value = NUMBERS[type](text);
    if (value === undefined) throw this.refusal(`"${text.slice(0, 50)}" is not ${WANTED[type]}`);
    return value;
  }

  #quoted(): string | undefined {
    const match = this.#match(QUOTED);
    return (match?.[1] ?? match?.[2])?.replaceAll(
      /\\(?:u([0-9A-Fa-f]{4})|(.))/gs,
      (_, hex: string | undefined, each: string) =>
        hex === undefined ? (ESCAPES[each] ?? each) : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }

  #takesWord(word: string): boolean {
    const at = this.#at;
    if (this.#match(WORD)?.[0] === word) return true;
    this.#at = at;
    return false;
  }

  #takes(mark: string): boolean {
    if (!this.#text.startsWith(mark, this.#at)) return false;
    this.#at += mark.length;
    this.#match(BLANK);
    return true;
  }

  #deeper(read: () => LogFilter): LogFilter {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw this.refusal(`it is nested more than ${DEEPEST} deep`);
    const filter = read();
    this.#depth -= 1;
    return filter;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) return undefined;
    this.#at = pattern.lastIndex;
    if (pattern !== BLANK) this.#match(BLANK);
    return match;
  }

  refusal(why: string): RegistryError {
    return invalid(
      'FILTER_INVALID',
      `Request contains an invalid argument: invalid filter at character ${this.#at + 1}: ${why}.`,
      { field: 'filter' },
    );
  }
}

const joined = (kind: 'and' | 'or', parts: readonly LogFilter[]): LogFilter => {
  const [only, ...others] = parts;
  return only && others.length === 0 ? only : { kind, parts };
};

type Numeric = Exclude<(typeof LOG_FIELDS)[LogField], 'text'>;

const WANTED: Readonly<Record<Numeric, string>> = {
  instant: 'a time such as 2026-03-01T12:00:00Z',
  severity: `one of ${Object.keys(SEVERITIES).join(', ')}`,
  number: 'a number',
};

const wholeNumber = (text: string): number | undefined => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);

const NUMBERS: Readonly<Record<Numeric, (text: string) => number | undefined>> = {
  instant: (text) => {
    // Entries have milliseconds, and Date.parse no more.
    const at = INSTANT.test(text) ? Date.parse(text.replace(/(\.\d{3})\d+/, '$1')) : Number.NaN;
    return Number.isNaN(at) ? undefined : at;
  },
  severity: (text) => new Map(Object.entries(SEVERITIES)).get(text.toUpperCase()) ?? wholeNumber(text),
  number: wholeNumber,
};
