import type { Generated } from 'kysely';

/** Milliseconds since the epoch. */
type Instant = number;
/** A JSON document as text. */
type Json = string;

export interface DocumentTable {
  readonly id: Generated<number>;
  readonly repository_id: number;
  readonly kind: string;
  /** What the index is of, as in its IndexKey. */
  readonly key: string;
  /** The address it was made for, or `upstream`. */
  readonly form: string;
  /** What it was made of; it is outdated when that is another. */
  readonly source: string;
  /** DocumentLayout[]. */
  readonly layouts: Json;
  /** Its bytes are a blob, or here. */
  readonly blob_digest: string | null;
  readonly body: Uint8Array | null;
  readonly stored_at: Instant;
}

export interface UpstreamStateTable {
  readonly repository_id: number;
  /** `file PATH` or `index KIND KEY`. */
  readonly what: string;
  readonly etag: string | null;
  readonly last_modified: string | null;
  readonly validated_at: Instant;
}

export interface UpstreamFetchTable {
  readonly repository_id: number;
  readonly what: string;
  readonly owner: string;
  /** The upload that grows, for others to follow. */
  readonly upload: string | null;
  /** Bytes it will have, where that is known. */
  readonly size: number | null;
  readonly lease_until: Instant;
}

export interface PrefetchTable {
  readonly operation_id: string;
  readonly project: string;
  readonly location: string;
  readonly repository: string;
  /** JSON: a list of names. */
  readonly artifacts: string;
  readonly begun: number;
  readonly lease_until: Instant;
}

export interface FirstSeenTable {
  readonly repository_id: number;
  readonly path: string;
  readonly digest: string | null;
  readonly at: Instant;
}

export interface UpstreamSecretTable {
  readonly repository_id: number;
  readonly sealed: string;
}
