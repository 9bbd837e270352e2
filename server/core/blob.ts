/** A content address: `sha256:` and 64 lower-case hex digits. */
export type Digest = `sha256:${string}`;

export type ChecksumAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512';

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Lower-case hex. */
  readonly hex: string;
}

export interface BlobInfo {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /**
   * Which stored object holds the bytes. Made by the store, kept by the catalog, opaque to everyone else:
   * deleting one generation never touches another, so a push that meets a deletion is not harmed by it.
   */
  readonly generation: string;
}

/** Both ends inclusive, zero-based, already checked against the size. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/** What a response body is made of: a file the kernel sends, bytes in memory, or a stream. */
export type Body = Blob | Uint8Array<ArrayBuffer> | ByteStream;

/** What to hold the bytes to when a writer is finished. */
export interface Expectation {
  readonly checksums?: readonly Checksum[];
  /** Bytes in the whole blob. */
  readonly size?: number;
}

export interface WriteOptions {
  /** Checksums to compute besides sha256, which is always computed. */
  readonly algorithms?: readonly ChecksumAlgorithm[];
  /** Largest number of bytes the writer takes before it fails with SIZE_LIMIT. */
  readonly limit?: number;
  /** What the client says that is to come. */
  readonly announced?: Announced;
}

/** Bytes that are to come, as far as that was said; `digest` where it was said what they are. */
export interface Announced {
  readonly atLeast: number;
  readonly atMost: number;
  readonly digest?: Digest;
}

/**
 * Bytes on their way in. Nothing is visible to readers until `commit` returns, and then only to those who were
 * given the BlobInfo. After a restart `BlobStore.resume` continues at what is really on disk.
 */
export interface BlobWriter {
  readonly id: string;
  /** Bytes taken so far. */
  readonly offset: number;
  /**
   * Appends a body and answers the new offset. A body that breaks off leaves what had arrived; `offset` then says
   * how much that is. Two appends at once: the second fails with ABORTED. Given `from`, takes nothing and fails with
   * RANGE_INVALID unless just that much has arrived by then, so that of two bodies for one place one gets it. Given
   * `grew`, writes each chunk as it comes, for those who follow, and tells how many bytes there are since then.
   */
  append(body: ByteStream, from?: number, grew?: (offset: number) => void): Promise<number>;
  /** Makes the bytes durable. Fails with DIGEST_INVALID or SIZE_INVALID, and keeps nothing, when they differ. */
  commit(expected?: Expectation): Promise<CommittedBlob>;
  /** Forgets the bytes. Safe to repeat. */
  abort(): Promise<void>;
  /** Lets go of descriptors and keeps the bytes for a later `resume`. */
  release(): Promise<void>;
}

/**
 * The bytes of an upload for whoever follows it, in this process or another. They stay readable until `close`, whatever
 * becomes of the upload: committed, they are the blob's; aborted, they are what had arrived.
 */
export interface GrowingBlob {
  /** Bytes there are by now. */
  size(): Promise<number>;
  /** Some of the bytes from `start` on, at most `most`; none at all only where there are none yet. */
  read(start: number, most: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Safe to repeat. */
  close(): Promise<void>;
}

export interface CommittedBlob extends BlobInfo {
  /** Every checksum that was computed, sha256 among them. */
  readonly checksums: readonly Checksum[];
}

/** Content-addressed bytes. Knows nothing of repositories, formats or users. */
export interface BlobStore {
  /** Whether this generation's object is there with this size. A storage error is thrown, never read as absence. */
  has(blob: BlobInfo): Promise<boolean>;
  /** A Blob where the runtime can send the file itself (zero copy). NOT_FOUND when the object is not there. */
  open(blob: BlobInfo, range?: ByteRange): Promise<Body>;
  begin(options?: WriteOptions): Promise<BlobWriter>;
  /** Fails with NOT_FOUND for an upload that was finished, aborted or never begun. */
  resume(id: string, options?: WriteOptions): Promise<BlobWriter>;
  /** Follows an upload that is still growing. Fails with NOT_FOUND as `resume` does. */
  follow(id: string): Promise<GrowingBlob>;
  /** Removes one generation. Absence counts as done. */
  delete(blob: Pick<BlobInfo, 'digest' | 'generation'>): Promise<void>;
  list(): AsyncIterable<BlobInfo>;
  /** Uploads not yet committed, with when they last grew (milliseconds since the epoch). */
  uploads(): AsyncIterable<{ readonly id: string; readonly touchedAt: number }>;
  /** Bytes that may still be written before the reserve is touched; Infinity where the store cannot tell. */
  freeBytes(): Promise<number>;
  /** Present only where clients may fetch straight from the store. */
  redirect?(blob: BlobInfo, ttlSeconds: number): Promise<URL>;
}

/** Where objects that nobody names are kept for a while before they are deleted, should somebody miss them. */
export interface Quarantine {
  /** Milliseconds since the epoch; nothing when the object is not there. */
  storedAt(blob: Pick<BlobInfo, 'digest' | 'generation'>): Promise<number | undefined>;
  /** Takes an object out of sight. Absence counts as done. */
  setAside(blob: Pick<BlobInfo, 'digest' | 'generation'>): Promise<void>;
  /** What was set aside, and when. */
  asides(): AsyncIterable<BlobInfo & { readonly since: number }>;
  /** Deletes what was set aside. Absence counts as done. */
  dropAside(blob: Pick<BlobInfo, 'digest' | 'generation'>): Promise<void>;
}
