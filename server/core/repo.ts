import type { BlobInfo, Body, ByteRange } from './blob.ts';
import type { FileRef } from './catalog.ts';
import type { MaySee } from './iam.ts';
import type { IndexReader } from './index-kind.ts';

export interface OpenedFile {
  /** As it is stored: its coordinates name the version it belongs to, also where a tag was asked for. */
  readonly file: FileRef;
  readonly size: number;
  readonly blob: BlobInfo;
  open(range?: ByteRange): Promise<Body>;
}

/** What every mode is: something you can read files and indexes from. */
export interface Repo extends IndexReader {
  readonly name: string;
  /** NOT_FOUND when there is no such file. */
  file(ref: FileRef): Promise<OpenedFile>;
  /** Tells the repository that a writer is about to rely on the file. */
  touch(ref: FileRef): Promise<void>;
  /** The same without what may not be seen, which is then not there. */
  seenBy(may: MaySee): Repo;
}
