import {
  type CodedBody,
  type Coding,
  CODINGS,
  type DocumentLayout,
  type OpenedDocument,
} from '../core/documents.ts';
import { notFound } from '../core/error.ts';
import type { IndexPart } from '../core/index-kind.ts';
import type { MadeDocument } from './made-document.ts';

/** A document whose bodies are in memory, until they are kept. */
export interface Made {
  readonly layouts: readonly MadeDocument[];
  readonly madeAt: number;
}

export const fromMemory = <T>(
  { layouts, madeAt }: Made,
  part: IndexPart<T>,
  variant: string,
): OpenedDocument =>
  openedOf(layouts, variant, { part, madeAt }, (bytes) => ({
    size: bytes.byteLength,
    open: async () => bytes,
  }));

/** The variant that was asked for, else the first, with its bodies as they are to be sent. */
export function openedOf<B>(
  layouts: readonly (Pick<DocumentLayout, 'variant' | 'contentType' | 'etag'> & {
    readonly bodies: Readonly<Partial<Record<Coding, B>>>;
  })[],
  variant: string,
  { part, madeAt }: { readonly part: IndexPart<unknown>; readonly madeAt?: number },
  bodyOf: (body: B) => CodedBody,
): OpenedDocument {
  const layout = layouts.find((each) => each.variant === variant) ?? layouts[0];
  if (!layout) throw notFound('DOCUMENT', { variant });
  const { contentType, etag } = layout;
  const bodies: Partial<Record<Coding, CodedBody>> = {};
  for (const coding of CODINGS) {
    const body = layout.bodies[coding];
    if (body !== undefined) bodies[coding] = bodyOf(body);
  }
  return {
    contentType,
    etag,
    bodies,
    ...(madeAt !== undefined && { modifiedAt: madeAt }),
    ...(part.cache && { cache: part.cache }),
    ...(part.without && { without: part.without }),
  };
}
