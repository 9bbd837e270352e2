import type {
  ByteRange,
  ByteStream,
  Checksum,
  ChecksumAlgorithm,
  CommittedBlob,
  Digest,
  Expectation,
} from './blob.ts';
import type { UpstreamFound } from './upstream.ts';

/** Something to be fetched once, for however many ask for it. */
export interface Fetching {
  readonly repositoryId: number;
  /** What it is called among the repository's fetches: `file PATH`. */
  readonly what: string;
  /** What the bytes are held to before the last of them go out. */
  readonly expected: Expectation;
  /** Checksums to compute besides those, and sha256. */
  readonly algorithms?: readonly ChecksumAlgorithm[];
  /** Largest number of bytes that is taken. */
  readonly limit: number;
  /**
   * Whether the catalog has by now what this is to fetch. Asked when nobody else is fetching it, and when another process has
   * stopped to, which does not say why.
   */
  isKept(): Promise<boolean>;
  /** Asks the upstream: for all of it, or for the rest of a body that broke off. Throws what the upstream's failure is. */
  open(from?: { readonly offset: number; readonly ifRange?: string }): Promise<UpstreamFound>;
  /**
   * Gives the bytes a name in the catalog. Called once, in the process that fetched, when they are in the store and right, and
   * before anybody gets the last of them.
   */
  keep(blob: CommittedBlob, headers: Headers): Promise<void>;
  /** Whether the bytes are good for those who wait for them, though they could not be kept for this reason. */
  isGoodUnkept?(cause: unknown): boolean;
}

/** Bytes at the end of each answer that nobody gets before all of it is known to be right and is kept. */
export const HELD_BYTES = 64 * 1024;

/** A fetch that is under way, or just over. */
export interface Download {
  /** As the upstream sent them. Empty in a process that follows another's fetch. */
  readonly headers: Headers;
  /** Bytes in all, where the upstream said or a size is expected, or where it is over. */
  readonly size: number | undefined;
  /** What they are, once it is over, where this process fetched them. */
  readonly digest: Digest | undefined;
  /** The same in other words, those that were wanted. */
  readonly checksums: readonly Checksum[];
  /**
   * Its bytes, as they come, but the last HELD_BYTES only once it is kept: so who wants no more than that may as well wait
   * for `kept`. Where no length is known, it is the last byte that is held. Errors, short of the end, when they turn out wrong. Leaving one ends nothing for others.
   */
  follow(range?: ByteRange): ByteStream;
  /** Resolves once it is kept; rejects with why it could not be. Nobody need wait for it. */
  readonly kept: Promise<void>;
}

export interface Downloads {
  /**
   * Joins the fetch of the same thing that is under way, in whichever process, or begins one. Resolves when the upstream has
   * sent its headers; nothing when it was kept meanwhile, so that the catalog has it.
   */
  fetch(wanted: Fetching): Promise<Download | undefined>;
  /** Whether this process is fetching it. */
  isUnderWay(wanted: Pick<Fetching, 'repositoryId' | 'what'>): boolean;
}
