import type { TagRow } from './catalog.ts';
import type { RepositoryAddress } from './repository.ts';
import type { Listed, ListQuery } from './resources.ts';

/** A version that was deleted and can be had back. */
export interface DeletedVersion {
  /** A number that no other deletion has. */
  readonly id: string;
  readonly package: string;
  readonly version: string;
  /** Those that went with it. */
  readonly tags: readonly string[];
  /** Bytes of everything the version is made of. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly deletedAt: number;
  /** When it goes for good. */
  readonly purgeAt: number;
  /** As bindings name who deleted it; nothing for an anonymous caller and for the server itself. */
  readonly member?: string;
}

export interface DeletedAddress extends RepositoryAddress {
  readonly id: string;
}

/** Asked about each version, and each tag of one, before anything is put back; refuses by throwing. */
export type MayRestore = (back: {
  readonly package: string;
  readonly version: string;
  readonly tag?: string;
}) => Promise<void>;

export interface Restored {
  readonly package: string;
  /** The one that was asked for first, then what came with it. */
  readonly versions: readonly string[];
  readonly tags: readonly TagRow[];
  /** Tags that name another version by now, and stay there. */
  readonly taken: readonly TagRow[];
}

export interface Trash {
  get(address: DeletedAddress): Promise<DeletedVersion | undefined>;
  /** The newest deletion first, of all packages or of one. */
  list(
    of: RepositoryAddress & { readonly package?: string },
    page: Pick<ListQuery, 'limit' | 'after'>,
  ): Promise<Listed<DeletedVersion>>;
  /**
   * Puts it back with the parts of it that are in the trash, what refers to it and went at the same moment, and the tags that
   * are free. ALREADY_EXISTS where its name was published again, FAILED_PRECONDITION where a part or the content is gone.
   */
  undelete(address: DeletedAddress, mayRestore: MayRestore): Promise<Restored>;
  /** Deletes it for good. */
  purge(address: DeletedAddress): Promise<void>;
}
