import type { Generated } from 'kysely';
import type {
  CleanupDecisionTable,
  CleanupRunTable,
  FreedBlobTable,
  GcQueueTable,
  GcRunTable,
  GcStateTable,
  ScrubStateTable,
} from './schema-collection.ts';
import type {
  DocumentTable,
  FirstSeenTable,
  PrefetchTable,
  UpstreamFetchTable,
  UpstreamSecretTable,
  UpstreamStateTable,
} from './schema-copies.ts';
import type {
  DeletedFileTable,
  DeletedLinkTable,
  DeletedPackageTable,
  DeletedVersionTable,
} from './schema-trash.ts';

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
  readonly max_bytes: number | null;
  readonly max_versions: number | null;
  /** Bytes of the distinct blobs that its repositories name, those that no other project names, and versions; kept by triggers. */
  readonly size_bytes: Generated<number>;
  readonly unique_bytes: Generated<number>;
  readonly version_count: Generated<number>;
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
  /** 0 or 1. With 1, tags are held: see `held_tag`. */
  readonly immutable_tags: Generated<number>;
  /** GLOB patterns of the tags that this is about; with none, all. */
  readonly immutable_tag_patterns: Generated<Json>;
  readonly max_bytes: number | null;
  readonly max_versions: number | null;
  /** Bytes of the distinct blobs its files name, those that no other of the project names, and versions; kept by triggers. */
  readonly size_bytes: Generated<number>;
  readonly unique_bytes: Generated<number>;
  readonly version_count: Generated<number>;
  readonly names_revision: Generated<number>;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export interface PackageTable {
  readonly id: Generated<number>;
  readonly repository_id: number;
  readonly name: string;
  readonly annotations: Generated<Json>;
  /** What its format remembers of it. */
  readonly attributes: Generated<Json>;
  /** Grows with every change of it, its versions and its tags; kept by triggers. */
  readonly revision: Generated<number>;
  /** Bytes of the distinct blobs its files name, those that no other of the repository names, and versions; kept by triggers. */
  readonly size_bytes: Generated<number>;
  readonly unique_bytes: Generated<number>;
  readonly version_count: Generated<number>;
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

/** A view: the tags that are neither moved nor removed. */
export interface HeldTagView {
  readonly package_id: number;
  readonly name: string;
  readonly version_id: number;
}

/** What happened to a tag. Written by triggers; by name, since it outlives what it tells of. */
export interface TagEventTable {
  readonly id: Generated<number>;
  readonly repository_id: number;
  readonly package: string;
  readonly tag: string;
  /** What it names since then; nothing when it was removed. */
  readonly version: string | null;
  /** What it named until then; nothing when it was new. */
  readonly previous: string | null;
  /** As bindings name the caller; nothing for an anonymous one and for the server itself. */
  readonly member: string | null;
  readonly at: Instant;
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
export interface VersionPullTable {
  readonly version_id: number;
  /** At most an hour before it was pulled last. */
  readonly at: Instant;
}

export interface VersionLinkTable {
  readonly package_id: number;
  readonly kind: 'child' | 'subject' | 'companion';
  readonly target: string;
  readonly version: string;
  readonly version_id: number;
}

export interface AccountTable {
  readonly id: string;
  /** A number of 21 digits that no other account ever had; a name used again stands for someone else. */
  readonly uid: string;
  readonly kind: 'user' | 'service-account';
  /** A service account's; users have none. */
  readonly project: string | null;
  readonly display_name: Generated<string>;
  readonly description: Generated<string>;
  readonly password_hash: string | null;
  /** Who vouches for a user that logs in elsewhere, and under what name there. */
  readonly issuer: Generated<string | null>;
  readonly subject: Generated<string | null>;
  readonly disabled: Generated<number>;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export interface AccountGroupTable {
  readonly id: string;
  readonly uid: string;
  readonly display_name: Generated<string>;
  readonly description: Generated<string>;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export interface GroupMemberTable {
  readonly account: string;
  readonly group_id: string;
  /** Put there by someone, or by what the identity provider said at the last log-in. */
  readonly source: 'manual' | 'claim';
  readonly created_at: Instant;
}

export interface ServiceAccountKeyTable {
  /** 40 hex digits. */
  readonly id: string;
  readonly account: string;
  /** Google's name: `KEY_ALG_RSA_2048`. */
  readonly algorithm: string;
  /** SPKI, PEM. */
  readonly public_key: string;
  readonly origin: 'GOOGLE_PROVIDED' | 'USER_PROVIDED';
  readonly disabled: Generated<number>;
  readonly valid_after: Instant;
  readonly valid_before: Instant;
  readonly created_at: Instant;
}

export type TokenKind = 'login' | 'session' | 'personal' | 'service-account' | 'federated' | 'impersonated';

export interface AccessTokenTable {
  /** Hex SHA-256 of the secret; the secret itself is nowhere. */
  readonly hash: string;
  readonly id: string;
  readonly kind: TokenKind;
  /** None for a federated identity, which `identity` holds whole. */
  readonly account: string | null;
  readonly identity: Json | null;
  readonly name: Generated<string>;
  readonly scope: Json | null;
  /** All tokens of one log-in share it and are revoked together. */
  readonly family: string | null;
  /** The key that it was got with; without that key it is worth nothing. */
  readonly key_id: string | null;
  /** The token it was got with, which it does not outlive. */
  readonly parent: string | null;
  readonly created_at: Instant;
  readonly expires_at: Instant;
  /** How long it lives unused. */
  readonly idle_ms: number | null;
  readonly last_used_at: Instant | null;
}

export interface RefreshTokenTable {
  /** Hex SHA-256. */
  readonly hash: string;
  readonly family: string;
  readonly account: string;
  /** When the account proved who it is, which the whole family goes back to. */
  readonly login_at: Instant;
  readonly created_at: Instant;
  readonly expires_at: Instant;
  readonly used_at: Instant | null;
}

export interface OneTimeTable {
  /** Hex SHA-256. */
  readonly hash: string;
  readonly kind: string;
  readonly payload: Json;
  readonly expires_at: Instant;
}

export interface IamPolicyTable {
  readonly resource: string;
  readonly revision: number;
  readonly bindings: Json;
  readonly audit_configs: Generated<Json>;
}

export interface CustomRoleTable {
  /** `projects/P/roles/R`, `organizations/entrepot/roles/R`. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly stage: string;
  readonly permissions: Json;
  readonly revision: number;
  readonly deleted: Generated<number>;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export interface IamRevisionTable {
  readonly only: number;
  readonly credentials: number;
  readonly policies: number;
}

export interface WorkloadPoolTable {
  readonly project: string;
  readonly id: string;
  readonly display_name: Generated<string>;
  readonly description: Generated<string>;
  readonly disabled: Generated<number>;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export interface WorkloadProviderTable {
  readonly project: string;
  readonly pool: string;
  readonly id: string;
  readonly display_name: Generated<string>;
  readonly description: Generated<string>;
  readonly disabled: Generated<number>;
  readonly config: Json;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export interface AuditEntryTable {
  readonly seq: Generated<number>;
  readonly id: string;
  readonly at: Instant;
  /** Empty for what concerns the installation. */
  readonly project: string;
  readonly log: 'activity' | 'data_access';
  /** 1 for what is kept as long as changes are. */
  readonly lasting: number;
  readonly service: string;
  readonly method: string;
  readonly resource: string;
  /** A user's name or a service account's e-mail; empty for others. */
  readonly email: string;
  /** As bindings name the caller; empty for an anonymous one. */
  readonly subject: string;
  readonly peer: string;
  /** The rest of the act. */
  readonly details: Json;
  /** google.rpc.Code; 0 when it was done, 2 until then. */
  readonly code: number;
  readonly message: string;
  readonly response: Json | null;
}

export interface AuditRetentionTable {
  readonly lasting: number;
  readonly before: Instant;
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

/** Full text of packages; `rowid` is the package's. */
export interface PackageTextTable {
  readonly rowid: number;
  readonly repository: number;
  readonly name: string;
  readonly text: string;
}

export interface NewTextTable {
  readonly seq: Generated<number>;
  readonly package_id: number;
  readonly text: string;
}

export interface OwnedNameTable {
  readonly repository_id: number;
  readonly name: string;
}

export interface UsedVersionTable {
  readonly repository_id: number;
  readonly package: string;
  readonly version: string;
}

export interface AwaitedFileTable {
  readonly repository_id: number;
  readonly path: string;
  readonly version_id: number;
}

export interface Schema {
  readonly project: ProjectTable;
  readonly repository: RepositoryTable;
  readonly package: PackageTable;
  readonly version: VersionTable;
  readonly tag: TagTable;
  readonly held_tag: HeldTagView;
  readonly tag_event: TagEventTable;
  readonly blob: BlobTable;
  readonly file: FileTable;
  readonly version_use: VersionUseTable;
  readonly version_link: VersionLinkTable;
  readonly version_pull: VersionPullTable;
  readonly account: AccountTable;
  readonly access_token: AccessTokenTable;
  readonly account_group: AccountGroupTable;
  readonly group_member: GroupMemberTable;
  readonly service_account_key: ServiceAccountKeyTable;
  readonly refresh_token: RefreshTokenTable;
  readonly one_time: OneTimeTable;
  readonly iam_policy: IamPolicyTable;
  readonly custom_role: CustomRoleTable;
  readonly iam_revision: IamRevisionTable;
  readonly workload_pool: WorkloadPoolTable;
  readonly workload_provider: WorkloadProviderTable;
  readonly audit_entry: AuditEntryTable;
  readonly audit_retention: AuditRetentionTable;
  readonly operation: OperationTable;
  readonly cleanup_run: CleanupRunTable;
  readonly cleanup_decision: CleanupDecisionTable;
  readonly outbox: OutboxTable;
  readonly gc_queue: GcQueueTable;
  readonly gc_state: GcStateTable;
  readonly gc_run: GcRunTable;
  readonly scrub_state: ScrubStateTable;
  readonly freed_blob: FreedBlobTable;
  readonly package_text: PackageTextTable;
  readonly new_text: NewTextTable;
  readonly owned_name: OwnedNameTable;
  readonly used_version: UsedVersionTable;
  readonly awaited_file: AwaitedFileTable;
  readonly document: DocumentTable;
  readonly upstream_state: UpstreamStateTable;
  readonly upstream_fetch: UpstreamFetchTable;
  readonly prefetch: PrefetchTable;
  readonly first_seen: FirstSeenTable;
  readonly upstream_secret: UpstreamSecretTable;
  readonly deleted_version: DeletedVersionTable;
  readonly deleted_file: DeletedFileTable;
  readonly deleted_link: DeletedLinkTable;
  readonly deleted_package: DeletedPackageTable;
}
