import type { Listed, ListQuery, PackageAddress, TagAddress, TagRecord } from './resources.ts';

/** What happened to a tag. It outlives the tag and the versions it speaks of. */
export interface TagEvent {
  readonly tag: string;
  /** What it names since then; nothing when it was removed. */
  readonly version?: string;
  /** What it named until then; nothing when it was new. */
  readonly previous?: string;
  /** As bindings name the caller; nothing for an anonymous one and for the server itself. */
  readonly member?: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Where a tag is to go back to; without a word, to what it named before it last moved. */
export interface EarlierVersion {
  readonly version?: string;
  /** What it named then, in milliseconds since the epoch. */
  readonly asOf?: number;
}

/** Asked before the tag is pointed at a version; refuses by throwing. */
export type MayPoint = (to: { readonly version: string; readonly isRemoved: boolean }) => Promise<void>;

export interface TagHistory {
  /** Newest first, of one tag or of all of a package. NOT_FOUND for what neither is nor was there. */
  list(
    of: PackageAddress & { readonly tag?: string },
    page: Pick<ListQuery, 'limit' | 'after'>,
  ): Promise<Listed<TagEvent>>;
  /**
   * Brings a removed tag back too. FAILED_PRECONDITION where the history has no such version, the version is gone or the
   * tag is immutable.
   */
  rollback(address: TagAddress, to: EarlierVersion, mayPoint: MayPoint): Promise<TagRecord>;
}
