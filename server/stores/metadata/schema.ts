import type { Generated } from 'kysely';

/** Milliseconds since the epoch. */
type Instant = number;
/** A JSON document as text. */
type Json = string;

export interface ProjectTable {
  readonly id: string;
  readonly number: number;
  readonly display_name: string;
  readonly labels: Generated<Json>;
  /** Inert per-project documents of the management API, by resource kind. */
  readonly settings: Generated<Json>;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export interface RepositoryTable {
  readonly id: Generated<number>;
  readonly project: string;
  readonly location: string;
  readonly name: string;
  readonly format: string;
  readonly mode: string;
  readonly description: string;
  readonly labels: Json;
  /** Everything of the resource that no query asks for. */
  readonly config: Json;
  /** 0 or 1. With 1, triggers refuse to move or remove a tag. */
  readonly immutable_tags: Generated<number>;
  /** Bytes of the distinct blobs its files name; kept by triggers. */
  readonly size_bytes: Generated<number>;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export interface PackageTable {
  readonly id: Generated<number>;
  readonly repository_id: number;
  readonly name: string;
  readonly annotations: Generated<Json>;
  /** Grows with every publish. */
  readonly revision: Generated<number>;
  readonly created_at: Instant;
  readonly updated_at: Instant;
  /** When its first version came; absent while only loose files carry its name. */
  readonly published_at: Instant | null;
}

export interface VersionTable {
  readonly id: Generated<number>;
  readonly package_id: number;
  /** The package's. */
  readonly repository_id: number;
  readonly name: string;
  readonly description: Generated<string>;
  readonly attributes: Json;
  readonly annotations: Generated<Json>;
  /** Bytes of everything the version is made of. */
  readonly size: number;
  /** How many tags name it; kept by triggers. */
  readonly tag_count: Generated<number>;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export interface TagTable {
  readonly package_id: number;
  readonly name: string;
  readonly version_id: number;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export type BlobState = 'live' | 'condemned' | 'deleting' | 'corrupt' | 'missing';

export interface BlobTable {
  readonly digest: string;
  readonly size: number;
  readonly generation: string;
  readonly state: BlobState;
  /** Grows with every change of state, so that a collector can tell that it looked at an older row. */
  readonly revision: Generated<number>;
  readonly md5: string | null;
  readonly sha1: string | null;
  readonly sha512: string | null;
  readonly created_at: Instant;
}

export interface FileTable {
  readonly id: Generated<number>;
  readonly repository_id: number;
  readonly package_id: number | null;
  /** The version that owns the file; none for a loose one, such as a layer. */
  readonly version_id: number | null;
  readonly path: string;
  readonly content_type: string | null;
  readonly blob_digest: string;
  /** Until when a loose file that no version uses is kept. */
  readonly lease_until: Instant | null;
  readonly annotations: Generated<Json>;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

/** A version that needs a loose file. */
export interface VersionUseTable {
  readonly version_id: number;
  readonly file_id: number;
}

/** A version that points at another of its package, which may not be there yet. */
export interface VersionLinkTable {
  readonly package_id: number;
  readonly kind: 'child' | 'subject';
  readonly target: string;
  readonly version: string;
  readonly version_id: number;
}

export interface AccountTable {
  readonly id: string;
  readonly kind: 'user' | 'service-account';
  readonly password_hash: string | null;
  readonly disabled: Generated<number>;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export interface AccessTokenTable {
  /** Hex SHA-256 of the secret; the secret itself is nowhere. */
  readonly hash: string;
  readonly id: string;
  readonly account: string;
  readonly scopes: Json | null;
  readonly created_at: Instant;
  readonly expires_at: Instant;
  readonly last_used_at: Instant | null;
}

export interface RoleBindingTable {
  readonly resource: string;
  readonly role: string;
  readonly member: string;
}

export interface OperationTable {
  readonly id: string;
  readonly project: string;
  readonly location: string;
  /** The Operation as the API shows it, without its name. */
  readonly body: Json;
  /** Who started it. */
  readonly account: string;
  readonly created_at: Instant;
}

export interface OutboxTable {
  readonly id: Generated<number>;
  readonly name: string;
  readonly payload: Json;
  readonly at: Instant;
}

/** What the collector looks at next. Filled by triggers, so that no code path can forget. */
export interface GcQueueTable {
  readonly kind: 'blob' | 'file' | 'version';
  /** The blob's digest, or the row id of the file or version. */
  readonly key: string;
  readonly due_at: Instant;
  readonly reason: string;
  readonly attempts: Generated<number>;
}

export interface Schema {
  readonly project: ProjectTable;
  readonly repository: RepositoryTable;
  readonly package: PackageTable;
  readonly version: VersionTable;
  readonly tag: TagTable;
  readonly blob: BlobTable;
  readonly file: FileTable;
  readonly version_use: VersionUseTable;
  readonly version_link: VersionLinkTable;
  readonly account: AccountTable;
  readonly access_token: AccessTokenTable;
  readonly role_binding: RoleBindingTable;
  readonly operation: OperationTable;
  readonly outbox: OutboxTable;
  readonly gc_queue: GcQueueTable;
}
