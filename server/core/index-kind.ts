import type { CatalogReader } from './catalog.ts';
import type { Page } from './page.ts';

/** Which index: what it is of, and for a paged one which page. */
export interface IndexKey {
  readonly of: string;
  /** Leaves out entries that are not of this kind; each index says which kind it means. */
  readonly filter?: string;
  readonly page?: Page;
}

export interface RenderView {
  /** Where the client finds the repository: its own spelling, no slash at the end. Relative to the host. */
  readonly basePath: string;
  readonly query: URLSearchParams;
}

export interface Document {
  readonly contentType: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One derived document family of a format: how it is made, read, combined and written. */
export interface IndexKind<T> {
  readonly name: string;
  build(catalog: CatalogReader, key: IndexKey): Promise<T | undefined>;
  /** The first part wins where two disagree. A page merges to a page: members were asked for the same one. */
  merge(parts: readonly T[], key: IndexKey): T;
  render(value: T, key: IndexKey, view: RenderView): Document;
}

export interface IndexReader {
  /** NOT_FOUND when nothing has this index. */
  index<T>(kind: IndexKind<T>, key: IndexKey): Promise<T>;
}

export const defineIndex = <T>(kind: IndexKind<T>): IndexKind<T> => kind;
