import { parseXml, XmlDocumentType, XmlElement } from '@rgrove/parse-xml';

/** An element of a document. */
export type Element = XmlElement;

const DEEPEST = 200;
/** Tags, references and attributes, which are what reading takes its time for: more than any document has that somebody needs. */
const MOST_MARKUP = 400_000;

/**
 * The root element of a document. Throws SyntaxError, in a sentence without a full stop, for what is none: also for one with a
 * document type, which could declare entities, and for one that is nested deeper than anybody needs. `lenient` leaves entities
 * of HTML as they are written, as Maven does in its POMs.
 */
export function readXml(bytes: Uint8Array, { lenient = false } = {}): Element {
  const text = decoded(bytes);
  if (markupIn(text) > MOST_MARKUP)
    throw new SyntaxError(`it has more than ${MOST_MARKUP} tags, references and attributes`);
  if (depthOf(text) > DEEPEST) throw new SyntaxError(`its elements are nested more than ${DEEPEST} deep`);
  try {
    const document = parseXml(text, { preserveDocumentType: true, ignoreUndefinedEntities: lenient });
    if (document.children.some((child) => child instanceof XmlDocumentType))
      throw new SyntaxError('it has a document type (<!DOCTYPE), which is not read');
    if (!document.root) throw new SyntaxError('it has no element');
    return document.root;
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    const [line = ''] = (error instanceof Error ? error.message : '').split('\n');
    throw new SyntaxError(`it is not well-formed XML: ${line.slice(0, 160)}`);
  }
}

/** UTF-8, or what older POMs declare instead. */
function decoded(bytes: Uint8Array): string {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 200));
  const [, declared = 'utf-8'] = /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(head) ?? [];
  const encoding = /^(?:iso-?8859-1|latin1|us-ascii|windows-1252|cp1252)$/i.test(declared)
    ? 'windows-1252'
    : 'utf-8';
  try {
    // XML 1.0, 2.11. The parser would do it line by line, each time with all that is behind the line.
    return new TextDecoder(encoding, { fatal: true }).decode(bytes).replaceAll(/\r\n?/g, '\n');
  } catch {
    throw new SyntaxError(`it is not in the encoding that it declares, ${declared.slice(0, 40)}`);
  }
}

function markupIn(text: string): number {
  let count = 0;
  for (const char of ['<', '&', '="', "='"])
    for (let at = text.indexOf(char); at !== -1; at = text.indexOf(char, at + 1)) count += 1;
  return count;
}

/** How deep elements may be nested, at most: comments and text that look like elements count, too. */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const [, closing, , empty] of text.matchAll(/<(\/?)([^\s<>/!?][^<>]*?)(\/?)>/g)) {
    if (empty === '/') continue;
    depth += closing === '/' ? -1 : 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

const elementsIn = ({ children }: Element): readonly Element[] =>
  children.filter((child) => child instanceof XmlElement);

/** The elements that a path leads to, in their order. */
export function elements(from: Element, ...path: readonly string[]): readonly Element[] {
  return path.reduce<readonly Element[]>(
    (found, name) => found.flatMap((each) => elementsIn(each).filter((child) => child.name === name)),
    [from],
  );
}

/** The text of the first element that a path leads to; nothing where it is empty. */
export function textAt(from: Element, ...path: readonly string[]): string | undefined {
  const text = elements(from, ...path)[0]?.text.trim();
  return text === '' ? undefined : text;
}

/** What is written of an element: text, or elements in their order; those without a value are left out. */
export type Content = string | readonly (readonly [name: string, content: Content | undefined])[];

/** An element with everything in it, indented. */
export function writeXml(name: string, content: Content, attributes = '', indent = ''): string {
  if (typeof content === 'string') return `${indent}<${name}>${escaped(content)}</${name}>\n`;
  let text = `${indent}<${name}${attributes}>\n`;
  for (const [child, inner] of content)
    if (inner !== undefined) text += writeXml(child, inner, '', `${indent}  `);
  return `${text}${indent}</${name}>\n`;
}

/** What most texts are made of, and nothing has to be done to. */
const PLAIN = /^[\w.+:/ -]*$/;
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
// oxlint-disable-next-line no-control-regex -- what XML has no way to write
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const escaped = (text: string): string =>
  PLAIN.test(text)
    ? text
    : text
        .toWellFormed()
        .replaceAll(UNWRITABLE, '')
        .replaceAll(/[&<>"]/g, (char) => ESCAPES[char] ?? char);
