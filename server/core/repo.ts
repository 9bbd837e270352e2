import type { BlobInfo, Body, ByteRange } from './blob.ts';
import type { FileRef } from './catalog.ts';
import type { IndexReader } from './index-kind.ts';

export interface OpenedFile {
  readonly file: FileRef;
  readonly size: number;
  readonly blob: BlobInfo;
  /** Name of the version the file belongs to, where it does: what a tag resolved to. */
  readonly version?: string;
  open(range?: ByteRange): Promise<Body>;
}

/** What every mode is: something you can read files and indexes from. */
export interface Repo extends IndexReader {
  readonly name: string;
  /** NOT_FOUND when there is no such file. */
  file(ref: FileRef): Promise<OpenedFile>;
  /** Tells the repository that a writer is about to rely on the file. */
  touch(ref: FileRef): Promise<void>;
}
