import { type Element, readDocument } from '../../lib/xml-document.ts';

export type { Element } from '../../lib/xml-document.ts';

const DEEPEST = 128;
/** Of one element. */
const MOST_ATTRIBUTES = 256;
/** More tags than any document has that somebody needs: they are what reading takes its time for. */
const MOST_MARKUP = 400_000;
/** Characters of a text that are looked at. */
const LONGEST_TEXT = 64 * 1024;

/**
 * The root element of a document. SyntaxError, in a sentence without a full stop, for what is none: also for one with a document
 * type, and for one that is nested deeper, or has more in it, than anybody needs. `lenient` leaves entities of HTML as they are
 * written, as Maven does in its POMs.
 */
export const readXml = async (bytes: Uint8Array, { lenient = false } = {}): Promise<Element> =>
  readDocument(decoded(bytes), {
    lenient,
    depth: DEEPEST,
    attributes: MOST_ATTRIBUTES,
    markup: MOST_MARKUP,
  });

/** UTF-8, or what older POMs declare instead. */
function decoded(bytes: Uint8Array): string {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 200));
  const [, declared = 'utf-8'] = /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(head) ?? [];
  const encoding = /^(?:iso-?8859-1|latin1|us-ascii|windows-1252|cp1252)$/i.test(declared)
    ? 'windows-1252'
    : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new SyntaxError(`it is not in the encoding that it declares, ${declared.slice(0, 40)}`);
  }
}

/** The elements that a path leads to, in their order. */
export function elements(from: Element, ...path: readonly string[]): readonly Element[] {
  return path.reduce<readonly Element[]>(
    (found, name) => found.flatMap((each) => each.elements.filter((child) => child.name === name)),
    [from],
  );
}

/** What is written in an element, without space around it, its lines ended as they are everywhere (XML 1.0, 2.11). */
export const textOf = ({ text }: Element): string =>
  text.slice(0, LONGEST_TEXT).replaceAll(/\r\n?/g, '\n').trim();

/** The text of the first element that a path leads to; nothing where it is empty. */
export function textAt(from: Element, ...path: readonly string[]): string | undefined {
  const [found] = elements(from, ...path);
  return (found && textOf(found)) || undefined;
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
