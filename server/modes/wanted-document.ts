import type { DocumentAddress } from '../core/documents.ts';
import type { IndexKey, IndexKind, IndexPart } from '../core/index-kind.ts';

/** A document to be made, where it is kept, and the address that is written into it. */
export interface Wanted {
  readonly at: DocumentAddress;
  readonly source: string;
  readonly baseUrl: string;
  /** The one variant that is to be made; absent for all. */
  readonly variant?: string;
}

/** Where an index's documents are kept; nothing where they are for one caller, or made without a member. */
export function wantedOf<T>(
  repositoryId: number,
  asked: {
    readonly kind: Pick<IndexKind<T>, 'name'>;
    readonly key: IndexKey;
    readonly part: IndexPart<T>;
    readonly baseUrl: string;
  },
): Wanted | undefined {
  const { kind, key, part, baseUrl } = asked;
  const { audience, source, without } = part;
  if (source === undefined || without) return undefined;
  const form = audience === undefined ? baseUrl : `${baseUrl} ${audience}`;
  return { at: { repositoryId, kind: kind.name, key: keyText(key), form }, source, baseUrl };
}

/** No form has a line break in it: it is an address, and a name of ours. */
export const placeOf = ({ repositoryId, kind, form, key }: DocumentAddress): string =>
  `${repositoryId}/${kind}/${form}\n${key}`;

export const idOf = ({ at, source, variant = '' }: Wanted): string => `${placeOf(at)} ${source} ${variant}`;

export const keyText = ({ of, filter, page }: IndexKey): string =>
  filter === undefined && page === undefined ? of : JSON.stringify([of, filter, page]);
