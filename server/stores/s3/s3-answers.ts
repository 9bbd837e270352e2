import { parseXml, XmlElement } from '@rgrove/parse-xml';

/** An element of an answer; nothing where it is not XML. */
export function readXml(text: string): XmlElement | undefined {
  try {
    return parseXml(text).root ?? undefined;
  } catch {
    return undefined;
  }
}

export const childrenOf = (element: XmlElement | undefined, name: string): readonly XmlElement[] =>
  (element?.children ?? []).filter(
    (child) => child instanceof XmlElement && child.name === name,
  ) as XmlElement[];

export const textOf = (element: XmlElement | undefined, name: string): string =>
  childrenOf(element, name)[0]?.text ?? '';

/** What a refusal says; empty words for what is none. */
export function refusalIn(text: string): {
  readonly code: string;
  readonly message: string;
  readonly region: string;
} {
  const root = readXml(text);
  const error = root?.name === 'Error' ? root : undefined;
  return { code: textOf(error, 'Code'), message: textOf(error, 'Message'), region: textOf(error, 'Region') };
}
