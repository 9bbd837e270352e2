import type { BlobInfo, Body, ByteRange, Checksum, Digest } from './blob.ts';
import type { FileRef, Found } from './catalog.ts';
import type { MaySee } from './iam.ts';
import type { IndexReader } from './index-kind.ts';
import type { Answers, Question } from './question.ts';

/** How an answer came about, where what is answered is a copy of what another server has (RFC 9211). */
export interface CacheState {
  /**
   * `miss`: fetched for this answer. `asked`: the upstream said what it has, and nothing was copied. `revalidated`: the upstream
   * said for it that the copy still holds. `stale`: it did not.
   */
  readonly outcome: 'hit' | 'miss' | 'asked' | 'revalidated' | 'stale';
  /** When the upstream last said that this is what it has, in milliseconds since the epoch. */
  readonly validatedAt: number;
  /** For how many seconds from then it is good without asking; absent for what never changes. */
  readonly maxAge?: number;
  /** Why a stale copy was good enough, in a word: the reason of the failure in lower case. */
  readonly detail?: string;
}

export interface OpenedFile {
  /** As it is stored: its coordinates name the version it belongs to, also where a tag was asked for. */
  readonly file: FileRef;
  /** Bytes. Unknown while it is still being fetched from a server that does not say. */
  readonly size: number | undefined;
  /** Unknown while it is still being fetched and nothing promised it. */
  readonly digest: Digest | undefined;
  /** Where its bytes are, once they are stored here. */
  readonly blob?: BlobInfo;
  /** Of its bytes, as far as they are known without reading them. */
  readonly checksums?: readonly Checksum[];
  readonly cache?: CacheState;
  /** Members asked before the one that has it, which could not answer: nobody may keep such an answer. */
  readonly without?: readonly string[];
  /** Tells the repository that a client got it, or was told that it has it. */
  pulled?(): void;
  /** Resolves when it is kept, or could not be, where it is answered before that. */
  kept?(): Promise<void>;
  /** A range only where the size is known. At once what is in memory. */
  open(range?: ByteRange): Body | Promise<Body>;
}

/** What of a file an answer is made of. */
export type FilePart = 'all' | 'headers';

/** What every mode is: something you can read files and indexes from. */
export interface Repo extends IndexReader {
  readonly name: string;
  /** NOT_FOUND when there is no such file. Where only its headers are wanted, nothing is fetched for it beforehand. */
  file(ref: FileRef, part?: FilePart): Promise<OpenedFile>;
  /** Tells the repository that a writer is about to rely on the file. */
  touch(ref: FileRef): Promise<void>;
  /** Packages by words of their text, best first, as far as they are known here. */
  search(words: readonly string[], page: { readonly limit: number; readonly skip: number }): Promise<Found>;
  /** Asks servers elsewhere, as far as what is here comes from them and they may be told. */
  ask(question: Question): Promise<Answers>;
  /** The same without what may not be seen, which is then not there. */
  seenBy(may: MaySee): Repo;
  /**
   * Whether the name was published here by its owners, though all its versions may be gone: then whoever asks for it means
   * that one, and never what some other server calls so.
   */
  owns(pkg: string): Promise<boolean>;
  /** The same without what comes from other servers; nothing where that is all there is. */
  own(): Repo | undefined;
}
