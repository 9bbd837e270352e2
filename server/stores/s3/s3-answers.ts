import { type Element, readDocument } from '../../lib/xml-document.ts';

/** A page of a list names a thousand objects, each with a handful of elements. */
const LIMITS = { depth: 16, attributes: 16, markup: 100_000, lenient: false } as const;

/** The root element of an answer; nothing where it is not XML. */
export const readXml = (text: string): Promise<Element | undefined> =>
  readDocument(text, LIMITS).catch(() => undefined);

export const childrenOf = (element: Element | undefined, name: string): readonly Element[] =>
  (element?.elements ?? []).filter((child) => child.name === name);

export const textOf = (element: Element | undefined, name: string): string =>
  childrenOf(element, name)[0]?.text ?? '';

/** What a refusal says; empty words for what is none. */
export function refusalIn(root: Element | undefined): {
  readonly code: string;
  readonly message: string;
  readonly region: string;
} {
  const error = root?.name === 'Error' ? root : undefined;
  return { code: textOf(error, 'Code'), message: textOf(error, 'Message'), region: textOf(error, 'Region') };
}
