import type { Checksum } from './blob.ts';
import type { CatalogReader } from './catalog.ts';
import type { Page } from './page.ts';
import type { CacheState } from './repo.ts';

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
  /** Of the request: what of several forms the client likes best. */
  readonly headers: Headers;
}

export interface Document {
  readonly contentType: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Where something is at an upstream of the format. */
export interface UpstreamTarget {
  /** A path below the upstream's address, without a slash in front; or an absolute URL that an index named. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A file as an upstream's index announces it: what it is held to when it is fetched. */
export interface ListedFile extends UpstreamTarget {
  readonly version: string;
  /** Any of them must match; the strongest is checked. */
  readonly checksums: readonly Checksum[];
  /** As `VersionFacts` have it. */
  readonly entry?: string;
  /** Milliseconds since the epoch, as the upstream tells it. */
  readonly publishedAt?: number;
}

/** By the file's path in a repository of ours. */
export type Listing = ReadonlyMap<string, ListedFile>;

/** What is known of a version when it is decided whether an index shows it. */
export interface VersionFacts {
  readonly version: string;
  /** What of the version stays or goes by itself, where its parts come out one after another. */
  readonly entry?: string;
  /** Milliseconds since the epoch, where the index tells. */
  readonly publishedAt?: number;
  /** Whether it is a tag, where an index names those. */
  readonly isTag?: boolean;
}

/** A public record of what every version's content is, signed by a key: what copies are held to. */
export interface ChecksumDatabase {
  /** Its name and its key, in the format's own spelling. */
  readonly key: string;
  /** Where it is; behind the upstream where absent. */
  readonly uri?: string;
  /** Beginnings of the names of packages that it does not know. */
  readonly exceptions: readonly string[];
}

/** What of a repository's settings says how its upstream is asked and believed. */
export interface UpstreamContext {
  readonly checksumDatabase?: ChecksumDatabase;
}

/** How an index is read from another server. */
export interface UpstreamIndex<T> {
  /** Nothing for an index that upstreams do not have: it is made of what was copied. */
  target(key: IndexKey, context: UpstreamContext): UpstreamTarget | undefined;
  /** Largest body that is read, decoded. */
  readonly maxBytes: number;
  /**
   * Fails with DATA_LOSS when it is none of the format. Yields to other work while it reads a long one. `url` is where it came
   * from, after redirects: what addresses in it are relative to.
   */
  parse(body: Uint8Array<ArrayBuffer>, key: IndexKey, url: string): T | Promise<T>;
  /** The package it is of, which rules about names are asked of; absent where it is of none. */
  package?(key: IndexKey): string;
  /** Seconds it is good for without asking again, where a repository does not say otherwise (gar.md 5.5). */
  readonly maxAge: number;
}

/** One derived document family of a format: how it is made, read and combined. */
export interface IndexKind<T> {
  readonly name: string;
  build(catalog: CatalogReader, key: IndexKey): Promise<T | undefined>;
  /** Whether it is made of the names of all packages, and of nothing else. */
  readonly ofNames?: true;
  /** The package that it is of, where that is not what its key is of. */
  package?(key: IndexKey): string;
  /** Whether there always is one, if only an empty one. Of others it is known once they are built. */
  readonly neverAbsent?: true;
  /** What the names of other packages begin with that it is made of, besides its own. */
  besides?(key: IndexKey): string;
  /** The same where it is made of these names alone, whatever the packages have. */
  besidesNames?(key: IndexKey): string;
  /** Without it, a copy of another server's repository answers from what it has copied. */
  readonly upstream?: UpstreamIndex<T>;
  /** The first part wins where two disagree. A page merges to a page: members were asked for the same one. */
  merge(parts: readonly T[], key: IndexKey): T;
  /** The versions it names, or their entries; absent where it names none. */
  versions?(value: T): Iterable<VersionFacts>;
  /** Leaves out the entries that are not kept, or versions where they have none, and whatever named only them. Present with `versions`. */
  prune?(value: T, keep: (entry: string) => boolean): T;
  /** The files it announces. */
  listing?(value: T, key: IndexKey): Listing;
}

/** An index whose document is made for each request: small, or seldom asked for. */
export interface RenderedIndex<T> extends IndexKind<T> {
  render(value: T, key: IndexKey, view: RenderView): Document;
}

/** One of the forms in which clients ask for an index. */
export interface KeptDocument {
  readonly variant: string;
  readonly contentType: string;
  /** Text, in pieces, between which other work has its turn. */
  readonly body: AsyncIterable<string> | Iterable<string>;
}

/** An index whose documents are kept as they are sent, since they are too large or too often asked for to be made each time. */
export interface KeptIndex<T> extends IndexKind<T> {
  /** Every variant. `baseUrl` is where clients find the repository: absolute, no slash at the end. */
  documents(value: T, key: IndexKey, baseUrl: string): readonly KeptDocument[];
}

export interface RememberedDocument extends Pick<KeptDocument, 'contentType' | 'body'> {
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * An index that has more documents than could be written down, since whoever asks says which page it is: each is made once,
 * and remembered as it is sent while there is room.
 */
export interface RememberedIndex<T> extends IndexKind<T> {
  /** `baseUrl` is where clients find the repository: absolute, no slash at the end. */
  document(value: T, key: IndexKey, baseUrl: string): RememberedDocument;
}

/** An index as one repository has it now. */
export interface IndexPart<T> {
  /** Another one whenever the value may be another. Absent for what only this caller sees, which is never kept. */
  readonly source?: string;
  /** Who gets this one, where others get others at the same time: each has a document of its own. */
  readonly audience?: string;
  /** Made when it is first asked for. */
  value(): Promise<T>;
  /** Empty for an index that announces no files. */
  listing(): Promise<Listing>;
  readonly cache?: CacheState;
  /** Members that could not be asked, in a repository that answers without them: nobody may keep such an answer. */
  readonly without?: readonly string[];
}

export interface IndexReader {
  /** NOT_FOUND when nothing has this index. */
  index<T>(kind: IndexKind<T>, key: IndexKey): Promise<IndexPart<T>>;
}

/** The package that an index is of: what its key is of, where it does not say otherwise. */
export const packageOf = <T>({ upstream, ...kind }: IndexKind<T>, key: IndexKey): string =>
  upstream?.package?.(key) ?? kind.package?.(key) ?? key.of;

export const defineIndex = <T>(kind: RenderedIndex<T>): RenderedIndex<T> => kind;
export const defineKeptIndex = <T>(kind: KeptIndex<T>): KeptIndex<T> => kind;
export const defineRememberedIndex = <T>(kind: RememberedIndex<T>): RememberedIndex<T> => kind;
