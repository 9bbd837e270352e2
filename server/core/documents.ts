import type { BlobInfo, Body } from './blob.ts';
import type { CopyState } from './copies.ts';
import type { IndexKey, KeptIndex, RememberedIndex } from './index-kind.ts';
import type { CacheState } from './repo.ts';

/** How a body may be encoded for the way to the client (RFC 9110 8.4.1). */
export const CODINGS = ['identity', 'gzip', 'br'] as const;
export type Coding = (typeof CODINGS)[number];

/** One of a document's bodies. */
export interface CodedBody {
  /** Bytes. */
  readonly size: number;
  open(): Promise<Body>;
}

export interface OpenedDocument {
  readonly contentType: string;
  /** Of the content, without quotes; the coding is added where it is sent. */
  readonly etag: string;
  /** Always with `identity`. The others may still be in the making. */
  readonly bodies: Readonly<Partial<Record<Coding, CodedBody>>>;
  /** When its content last changed, in milliseconds since the epoch, where all processes know the same of that. */
  readonly modifiedAt?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cache?: CacheState;
  readonly without?: readonly string[];
  /** The same compressed, which it is for who asks once more and takes it so. */
  readonly coded?: () => Promise<OpenedDocument>;
}

export interface DocumentReader {
  /** NOT_FOUND when nothing has this index. */
  document<T>(
    kind: KeptIndex<T>,
    key: IndexKey,
    wanted: { readonly variant: string; readonly baseUrl: string },
  ): Promise<OpenedDocument>;
  /** The same of an index whose documents are remembered and not written down. */
  remembered<T>(kind: RememberedIndex<T>, key: IndexKey, baseUrl: string): Promise<OpenedDocument>;
  /** Says that an index has changed: its documents are made soon, whether or not somebody asks for them. */
  refresh<T>(kind: KeptIndex<T>, key: IndexKey, baseUrl: string): void;
}

/**
 * Which kept thing of a repository: an index by kind and key, in a form that is an address it was made for, and for whom, or
 * an upstream's own.
 */
export interface DocumentAddress {
  readonly repositoryId: number;
  readonly kind: string;
  readonly key: string;
  readonly form: string;
}

/** Where in a document's bytes the bodies of a variant are. */
export interface DocumentLayout {
  readonly variant: string;
  readonly contentType: string;
  readonly etag: string;
  /** Offset and length in bytes. */
  readonly bodies: Readonly<Partial<Record<Coding, readonly [offset: number, length: number]>>>;
}

export interface StoredDocument {
  /** Never the same for other bytes. */
  readonly id: string;
  /** What it was made of. */
  readonly source: string;
  readonly layouts: readonly DocumentLayout[];
  /** Its bytes; absent where they are few and beside it: see `bytes`. */
  readonly blob?: BlobInfo;
  /** When it was made, in milliseconds since the epoch: what it was made of may be older. */
  readonly madeAt: number;
}

/** What a copy of an upstream's document is noted with. */
export interface CopyNote {
  /** Among what the upstream said. */
  readonly what: string;
  readonly state: CopyState;
  /** How often the repository's copies had been purged when the upstream was asked. */
  readonly purges: string;
}

/** Documents as upstreams sent them. */
export interface CopiedDocuments extends Pick<DocumentStore, 'find' | 'bytes'> {
  /** Replaces what is there, unless copies were purged since the upstream was asked, or it has been asked later. */
  keepCopy(
    at: DocumentAddress,
    document: Pick<StoredDocument, 'source' | 'layouts'>,
    body: readonly Uint8Array<ArrayBuffer>[],
    note: CopyNote,
  ): Promise<void>;
}

/**
 * Documents that were made or fetched, each kept as one blob, or in its row where it is small. They can be made again, so
 * losing one loses nothing.
 */
export interface DocumentStore {
  /** The same object each time, until something is committed. */
  find(at: DocumentAddress): StoredDocument | undefined;
  /** All bytes of a document without a blob; nothing once another took its place. */
  bytes(document: StoredDocument): Uint8Array<ArrayBuffer> | undefined;
  /** Replaces what is there. `most` forms of one index are kept, the longest unused given up first. */
  keep(
    at: DocumentAddress,
    document: Pick<StoredDocument, 'source' | 'layouts' | 'madeAt'>,
    body: readonly Uint8Array<ArrayBuffer>[],
  ): Promise<void>;
  /** Forgets what was made or fetched of a package's indexes, or of all of a repository's. */
  drop(repositoryId: number, key?: string): Promise<void>;
}
