import type { Generated } from 'kysely';

/** Milliseconds since the epoch. */
type Instant = number;
/** A JSON document as text. */
type Json = string;

/** A version that was deleted and can be had back until `purge_at`. By names, since its package may be gone too. */
export interface DeletedVersionTable {
  readonly id: Generated<number>;
  readonly repository_id: number;
  /** The row it was; no other version ever has this id. */
  readonly version_id: number;
  readonly package: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: Json;
  readonly annotations: Json;
  readonly size: number;
  /** Names of the tags that went with it. */
  readonly tags: Json;
  readonly created_at: Instant;
  /** When it was last noted to be pulled. */
  readonly pulled_at: Instant | null;
  readonly deleted_at: Instant;
  readonly purge_at: Instant;
  /** As bindings name who deleted it; nothing for an anonymous caller and for the server itself. */
  readonly member: string | null;
}

/** A file of a deleted version. It keeps the blob. */
export interface DeletedFileTable {
  readonly deleted_id: number;
  readonly repository_id: number;
  readonly path: string;
  /** 1 for a file of its own, 0 for one that other versions may use too. */
  readonly own: number;
  readonly content_type: string | null;
  readonly blob_digest: string;
  readonly annotations: Json;
  readonly created_at: Instant;
}

export interface DeletedLinkTable {
  readonly deleted_id: number;
  readonly kind: 'child' | 'subject' | 'companion';
  readonly target: string;
}

/** A deleted package of which versions can be had back. */
export interface DeletedPackageTable {
  readonly repository_id: number;
  readonly name: string;
  readonly attributes: Json;
  readonly annotations: Json;
  /** What it was found by. */
  readonly text: string | null;
  readonly created_at: Instant;
}
