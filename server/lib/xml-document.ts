import { SaxesParser } from 'saxes';
import { Turns } from './turns.ts';

/** An element of a document. */
export interface Element {
  readonly name: string;
  readonly elements: readonly Element[];
  /** Of everything in it. */
  readonly text: string;
}

interface Reading {
  /** How deep elements may be in one another. */
  readonly depth: number;
  /** Attributes that one of them may have. */
  readonly attributes: number;
  /** Tags, attributes, comments and instructions that there may be, and references that are left as they are. */
  readonly markup: number;
  /** Whether references that no document of its own declares, such as those of HTML, stay as they are written. */
  readonly lenient: boolean;
}

interface Building {
  readonly name: string;
  readonly elements: Building[];
  text: string;
}

/** Characters that are read before others have their turn. */
const PIECE = 32 * 1024;
const ENTITIES = { lt: '<', gt: '>', amp: '&', apos: "'", quot: '"' };
const UNDECLARED = /undefined entity\.$/;

/**
 * The root element of a well-formed document (XML 1.0), without its attributes. Others have their turn while it is read. SyntaxError
 * for what is none, goes beyond the limits or has a document type, which could declare entities.
 */
export async function readDocument(text: string, reading: Reading): Promise<Element> {
  const tree = new Tree(reading);
  const turns = new Turns(PIECE);
  for (let from = 0; from < text.length; from += PIECE) {
    tree.read(text.slice(from, from + PIECE));
    if (turns.isOver(PIECE)) await turns.pass();
  }
  return tree.end();
}

/** What is made of the tags of a document. */
class Tree {
  readonly #reading: Reading;
  readonly #parser = new SaxesParser();
  /** Elements that are open, from the root on. */
  readonly #open: Building[] = [];
  #root: Element | undefined;
  #markup = 0;
  /** Of the tag that is read. */
  #attributes = 0;

  constructor(reading: Reading) {
    this.#reading = reading;
    const parser = this.#parser;
    // Without what every object has, which documents could refer to as well.
    parser.ENTITIES = Object.assign(Object.create(null), ENTITIES);
    parser.on('error', (error) => {
      if (!reading.lenient || !UNDECLARED.test(error.message)) throw wrong(error.message);
      this.#count();
    });
    parser.on('doctype', () => {
      throw new SyntaxError('it has a document type (<!DOCTYPE), which is not read');
    });
    parser.on('opentag', ({ name }) => this.#begin(name));
    parser.on('closetag', () => this.#finish());
    parser.on('text', (words) => this.#add(words));
    parser.on('cdata', (words) => this.#add(words));
    parser.on('opentagstart', () => {
      this.#attributes = 0;
    });
    parser.on('attribute', () => this.#countAttribute());
    parser.on('comment', () => this.#count());
    parser.on('processinginstruction', () => this.#count());
  }

  read(piece: string): void {
    this.#parser.write(piece);
  }

  end(): Element {
    this.#parser.close();
    if (!this.#root) throw new SyntaxError('it has no element');
    return this.#root;
  }

  #begin(name: string): void {
    this.#count();
    const element: Building = { name, elements: [], text: '' };
    this.#open.at(-1)?.elements.push(element);
    this.#root ??= element;
    this.#open.push(element);
    if (this.#open.length > this.#reading.depth)
      throw new SyntaxError(`its elements are nested more than ${this.#reading.depth} deep`);
  }

  #finish(): void {
    this.#count();
    const { text } = this.#open.pop() ?? { text: '' };
    this.#add(text);
  }

  #add(words: string): void {
    const current = this.#open.at(-1);
    if (current) current.text += words;
  }

  #countAttribute(): void {
    this.#count();
    this.#attributes += 1;
    const { attributes } = this.#reading;
    if (this.#attributes > attributes)
      throw new SyntaxError(`one of its elements has more than ${attributes} attributes`);
  }

  #count(): void {
    this.#markup += 1;
    if (this.#markup > this.#reading.markup)
      throw new SyntaxError(
        `it has more than ${this.#reading.markup} tags, attributes, comments, instructions and references that it does not declare`,
      );
  }
}

const wrong = (message: string): SyntaxError =>
  new SyntaxError(`it is not well-formed XML: ${message.slice(0, 200).replace(/\.$/, '')}`);
