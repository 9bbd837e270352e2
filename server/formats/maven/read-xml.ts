import { Turns } from '../../lib/turns.ts';

/** An element of a document. */
export interface Element {
  readonly name: string;
  readonly elements: readonly Element[];
  /** Of everything in it. */
  readonly text: string;
}

interface Limits {
  /** How deep elements may be in one another. */
  readonly depth: number;
  /** Tags that there may be, and ten times as many as there may be references and attributes. */
  readonly markup: number;
}

interface Reading extends Limits {
  /** Whether references that no document of its own declares, such as those of HTML, stay as they are written. */
  readonly lenient: boolean;
}

interface Building {
  readonly name: string;
  readonly elements: Building[];
  text: string;
}

const START = String.raw`:A-Z_a-z\u{C0}-\u{D6}\u{D8}-\u{F6}\u{F8}-\u{2FF}\u{370}-\u{37D}\u{37F}-\u{1FFF}\u{200C}\u{200D}\u{2070}-\u{218F}\u{2C00}-\u{2FEF}\u{3001}-\u{D7FF}\u{F900}-\u{FDCF}\u{FDF0}-\u{FFFD}\u{10000}-\u{EFFFF}`;
const REST = String.raw`${START}\-.0-9\u{B7}\u{300}-\u{36F}\u{203F}\u{2040}`;
const NAME = `[${START}][${REST}]*`;
const START_TAG = new RegExp(String.raw`<(${NAME})`, 'uy');
const ATTRIBUTE = new RegExp(
  String.raw`[ \t\n\r]+(${NAME})[ \t\n\r]*=[ \t\n\r]*(?:"([^<"]*)"|'([^<']*)')`,
  'uy',
);
const START_TAG_END = /[ \t\n\r]*(\/?)>/y;
const END_TAG_END = /[ \t\n\r]*>/y;
const DECLARATION =
  /<\?xml[ \t\n\r]+version[ \t\n\r]*=[ \t\n\r]*(?:"1\.\d+"|'1\.\d+')(?:[ \t\n\r]+(?:encoding|standalone)[ \t\n\r]*=[ \t\n\r]*(?:"[\w.:-]+"|'[\w.:-]+')){0,2}[ \t\n\r]*\?>/y;
const INSTRUCTION = new RegExp(String.raw`<\?(${NAME})(?=[ \t\n\r?])`, 'uy');
const REFERENCE = new RegExp(String.raw`&(?:#([0-9]+)|#x([0-9a-fA-F]+)|([${REST}]*));`, 'uy');
const SPACE = /^[ \t\n\r]*$/;
/** What a tag takes, in characters of text; one tag's attributes, and one text's references, are read in one go, so that there may be fewer. */
const [MARKUP_COSTS, IN_ONE_GO] = [50, 10];
/** What XML has no way to have in it. */
// oxlint-disable-next-line no-control-regex -- these are the very ones
const NO_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['apos', "'"],
  ['quot', '"'],
]);

/**
 * The root element of a well-formed document (XML 1.0), without its attributes. Others have their turn while it is read. SyntaxError
 * for what is none, goes beyond the limits or has a document type, which could declare entities.
 */
export const readDocument = (text: string, reading: Reading): Promise<Element> =>
  new DocumentReader(text, reading).read();

class DocumentReader {
  readonly #text: string;
  readonly #reading: Reading;
  readonly #turns = new Turns();
  /** Elements that are open, from the root on; in front of them what stands for the document. */
  readonly #open: Building[] = [{ name: '', elements: [], text: '' }];
  #markup = 0;
  #at = 0;

  constructor(text: string, reading: Reading) {
    this.#text = text;
    this.#reading = reading;
  }

  async read(): Promise<Element> {
    if (NO_CHARACTER.test(this.#text)) throw this.#wrong('it has a character that XML does not have');
    while (this.#at < this.#text.length) {
      const from = this.#at;
      if (this.#text.charCodeAt(from) === 60) this.#tag();
      else this.#words(this.#upTo('<', this.#text.length));
      if (this.#turns.isOver(this.#at - from + MARKUP_COSTS)) await this.#turns.pass();
    }
    const [document, ...unclosed] = this.#open;
    const [root] = document?.elements ?? [];
    const last = unclosed.at(-1);
    if (last) throw this.#wrong(`<${last.name.slice(0, 80)}> is not closed`);
    if (!root) throw new SyntaxError('it has no element');
    return root;
  }

  #tag(): void {
    this.#count();
    const { name, elements } = this.#current();
    if (this.#comes('</')) {
      if (this.#open.length === 1 || !this.#comes(`</${name}`)) throw this.#wrong('what ends was not begun');
      this.#at += name.length + 2;
      if (!this.#match(END_TAG_END)) throw this.#wrong('an end tag is not one');
      this.#close();
    } else if (this.#comes('<!--')) this.#comment();
    else if (this.#comes('<![CDATA[')) {
      const end = this.#endOf(']]>');
      this.#add(this.#text.slice(this.#at + '<![CDATA['.length, end), false);
      this.#at = end + ']]>'.length;
    } else if (this.#comes('<!DOCTYPE'))
      throw new SyntaxError('it has a document type (<!DOCTYPE), which is not read');
    else if (this.#comes('<?')) this.#instruction();
    else {
      if (this.#open.length === 1 && elements.length > 0) throw this.#wrong('it has more than one element');
      this.#start();
    }
  }

  #start(): void {
    const [, name] = this.#match(START_TAG) ?? [];
    if (name === undefined) throw this.#wrong('what begins is no tag');
    const attributes = new Set<string>();
    for (let found = this.#match(ATTRIBUTE); found; found = this.#match(ATTRIBUTE)) {
      const [, attribute = '', quoted, other = ''] = found;
      this.#count(IN_ONE_GO);
      if (attributes.has(attribute)) throw this.#wrong('an attribute is there twice');
      attributes.add(attribute);
      this.#resolved(quoted ?? other);
    }
    const end = this.#match(START_TAG_END);
    if (!end) throw this.#wrong('a tag is not one');
    const element: Building = { name, elements: [], text: '' };
    this.#current().elements.push(element);
    this.#open.push(element);
    if (this.#open.length - 1 > this.#reading.depth)
      throw new SyntaxError(`its elements are nested more than ${this.#reading.depth} deep`);
    if (end[1] === '/') this.#close();
  }

  #close(): void {
    const text = this.#open.pop()?.text ?? '';
    if (this.#open.length > 1) this.#current().text += text;
  }

  #comment(): void {
    const end = this.#text.indexOf('--', this.#at + '<!--'.length);
    if (end === -1 || this.#text[end + 2] !== '>') throw this.#wrong('a comment is not one');
    this.#at = end + '-->'.length;
  }

  #instruction(): void {
    if (this.#at === 0 && this.#match(DECLARATION)) return;
    const [, target = ''] = this.#match(INSTRUCTION) ?? [];
    if (target === '' || target.toLowerCase() === 'xml') throw this.#wrong('an instruction is not one');
    this.#at = this.#endOf('?>') + '?>'.length;
  }

  #words(end: number): void {
    const words = this.#text.slice(this.#at, end);
    if (words.includes(']]>')) throw this.#wrong('it has a ]]> that ends nothing');
    this.#add(words, true);
    this.#at = end;
  }

  #add(words: string, hasReferences: boolean): void {
    if (this.#open.length > 1) this.#current().text += hasReferences ? this.#resolved(words) : words;
    else if (!hasReferences || !SPACE.test(words)) throw this.#wrong('there is text outside of its element');
  }

  /** With what its references mean. */
  #resolved(words: string): string {
    let at = words.indexOf('&');
    if (at === -1) return words;
    let [text, from] = ['', 0];
    for (; at !== -1; at = words.indexOf('&', from)) {
      this.#count(IN_ONE_GO);
      REFERENCE.lastIndex = at;
      const [whole, decimal, hex, name] = REFERENCE.exec(words) ?? [];
      if (whole === undefined) throw this.#wrong('an & begins nothing');
      text += words.slice(from, at) + (this.#meaning(decimal, hex, name) ?? whole);
      from = at + whole.length;
    }
    return text + words.slice(from);
  }

  #meaning(decimal?: string, hex?: string, name?: string): string | undefined {
    if (name !== undefined) {
      const meant = ENTITIES.get(name);
      if (meant === undefined && !this.#reading.lenient)
        throw this.#wrong(`&${name.slice(0, 40)}; is not declared`);
      return meant;
    }
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number.parseInt(decimal, 10);
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    const text = code <= 0x10ffff && !isSurrogate ? String.fromCodePoint(code) : '\0';
    if (NO_CHARACTER.test(text)) throw this.#wrong('a reference is to no character');
    return text;
  }

  #count(weight = 1): void {
    this.#markup += weight;
    if (this.#markup > this.#reading.markup)
      throw new SyntaxError(
        `it has more than ${this.#reading.markup} tags, or more than a tenth as many references and attributes`,
      );
  }

  #current(): Building {
    const current = this.#open.at(-1);
    if (!current) throw new TypeError('the document itself was closed');
    return current;
  }

  #comes(words: string): boolean {
    return this.#text.startsWith(words, this.#at);
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? undefined;
    if (found) this.#at = pattern.lastIndex;
    return found;
  }

  #upTo(words: string, otherwise: number): number {
    const at = this.#text.indexOf(words, this.#at);
    return at === -1 ? otherwise : at;
  }

  #endOf(words: string): number {
    const end = this.#upTo(words, -1);
    if (end === -1) throw this.#wrong(`there is no ${words} to what begins`);
    return end;
  }

  #wrong(what: string): SyntaxError {
    return new SyntaxError(`it is not well-formed XML: ${what} (at character ${this.#at})`);
  }
}
