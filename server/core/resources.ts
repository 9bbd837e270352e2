import type { Cascade } from './cascade.ts';
import type { Attributes, MayUntag, TaggedVersion } from './catalog.ts';
import type { WorkloadPoolResources, WorkloadProviderResources } from './federation.ts';
import type { GarbageResources } from './garbage.ts';
import type { GroupResources } from './groups.ts';
import type { Page, Slice } from './page.ts';
import type { PolicyResources } from './policies.ts';
import type { TokenResources } from './personal-tokens.ts';
import type { Mode, RepositoryAddress } from './repository.ts';
import type { RoleResources } from './roles.ts';
import type { ScrubResources } from './scrub.ts';
import type { ServiceAccountKeyResources, ServiceAccountResources } from './service-accounts.ts';
import type { TagHistory } from './tag-history.ts';
import type { Trash } from './trash.ts';
import type { Quota, UsageResources } from './usage.ts';
import type { UserResources } from './users.ts';

export interface PackageAddress extends RepositoryAddress {
  readonly package: string;
}
export interface VersionAddress extends PackageAddress {
  readonly version: string;
}
export interface TagAddress extends PackageAddress {
  readonly tag: string;
}
export interface FileAddress extends RepositoryAddress {
  readonly path: string;
}

/** Milliseconds since the epoch. */
interface Dated {
  readonly createdAt: number;
  readonly updatedAt: number;
}
type TextMap = Readonly<Record<string, string>>;
/** A document of the management API that the store keeps and does not read. */
export type Document = Readonly<Record<string, unknown>>;

export interface ProjectRecord extends Dated {
  readonly id: string;
  readonly number: number;
  readonly displayName: string;
  readonly labels: TextMap;
  readonly quota: Quota;
}

export interface RepositorySettings {
  readonly description: string;
  readonly labels: TextMap;
  /** Everything of the resource that no query asks for. */
  readonly config: Document;
  /** With it, no tag is moved or removed. */
  readonly immutableTags: boolean;
  /** Narrows that to the tags that match one of these, in which `*` stands for any text. */
  readonly immutableTagPatterns?: readonly string[];
  readonly quota?: Quota;
}
/** The settings, and what is kept with them and never shown. */
export interface WrittenSettings extends RepositorySettings {
  /** The secret of the upstream's credentials: a new one, `null` for none; absent, it stays what it is. */
  readonly upstreamSecret?: string | null;
}
export interface NewRepository extends RepositoryAddress, RepositorySettings {
  /** A Format's id. */
  readonly format: string;
  readonly mode: Mode;
}
export interface RepositoryRecord extends NewRepository, Dated {
  /** Bytes of the distinct blobs its files name. */
  readonly sizeBytes: number;
}

export interface PackageRecord extends Dated {
  readonly package: string;
  readonly annotations: TextMap;
}

export interface VersionRecord extends TaggedVersion, Dated {
  readonly attributes: Attributes;
  readonly description: string;
  readonly annotations: TextMap;
}

export interface TagRecord {
  readonly tag: string;
  readonly version: string;
}

export interface FileRecord extends Dated {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly md5?: string;
  /** The one it was uploaded to. */
  readonly package?: string;
  /** None for a file that belongs to no version. */
  readonly owner?: { readonly package: string; readonly version: string };
  readonly annotations: TextMap;
}

export interface OperationRecord {
  /** Who started it. */
  readonly account: string;
  /** The operation as the API shows it, without its name. */
  readonly body: Document;
}

/** What a long-running method leaves behind, written in the transaction that did its work. */
export interface OperationDraft<Result = void> {
  readonly id: string;
  readonly account: string;
  body(result: Result): Document;
}

export type SortField = 'name' | 'createTime' | 'updateTime';

/** One comparison. In a pattern `*` stands for any text; everything else, in any case, for itself. */
export type Condition =
  | {
      /** A resource name: the row's own, its version's, its owner's. */
      readonly field: 'name' | 'version' | 'owner';
      readonly pattern: string;
    }
  | { readonly field: 'annotations'; readonly key: string; readonly pattern: string };

/** Where a page ended. Opaque to all but the store that made it, good as JSON. */
export type Position = readonly (string | number)[];

export interface ListQuery {
  readonly limit: number;
  readonly order: { readonly by: SortField; readonly descending: boolean };
  readonly condition?: Condition;
  readonly after?: Position;
}

/** A page may hold fewer rows than were asked for, or none, and still have a next one. */
export interface Listed<T> {
  readonly rows: readonly T[];
  /** Absent on the last page. */
  readonly next?: Position;
}

/*
 * Absence is `undefined` from `get` and NOT_FOUND from everything that changes something. Each change is one
 * transaction with its news; `change` callbacks run inside it, on what is really there, and may throw.
 */

export interface ProjectResources {
  get(id: string): Promise<ProjectRecord | undefined>;
  /** In byte order of the ids. */
  list(page: Page): Promise<Slice<ProjectRecord>>;
  /** ALREADY_EXISTS when it is there. `owner` is a member of policies, who gets `roles/owner` on it. */
  create(
    project: Pick<ProjectRecord, 'id' | 'displayName' | 'labels' | 'quota'>,
    owner: string | undefined,
    draft: OperationDraft<ProjectRecord>,
  ): Promise<Document>;
  update(
    id: string,
    change: (current: ProjectRecord) => Pick<ProjectRecord, 'displayName' | 'labels' | 'quota'>,
  ): Promise<ProjectRecord>;
  /** FAILED_PRECONDITION while it has repositories. Grants on it go with it. */
  delete(id: string): Promise<void>;
  /** An inert document of the project, by a key of the caller's choice. */
  settings(id: string, key: string): Promise<Document | undefined>;
  updateSettings(id: string, key: string, change: (current: Document) => Document): Promise<Document>;
}

export interface RepositoryResources {
  get(address: RepositoryAddress): Promise<RepositoryRecord | undefined>;
  list(
    parent: Pick<RepositoryAddress, 'project' | 'location'>,
    query: ListQuery,
  ): Promise<Listed<RepositoryRecord>>;
  /** ALREADY_EXISTS when it is there, NOT_FOUND without its project. */
  create(
    repository: NewRepository & WrittenSettings,
    draft: OperationDraft<RepositoryRecord>,
  ): Promise<Document>;
  update(
    address: RepositoryAddress,
    change: (current: RepositoryRecord) => WrittenSettings,
  ): Promise<RepositoryRecord>;
  /** With everything in it and every grant on it. */
  delete(address: RepositoryAddress, draft: OperationDraft): Promise<Document>;
}

export interface PackageDeletion {
  /** Past the trash: nothing of it can be had back. */
  readonly permanently: boolean;
}

export interface PackageResources {
  get(address: PackageAddress): Promise<PackageRecord | undefined>;
  list(parent: RepositoryAddress, query: ListQuery): Promise<Listed<PackageRecord>>;
  annotate(address: PackageAddress, change: (current: PackageRecord) => TextMap): Promise<PackageRecord>;
  /** With its versions and tags. FAILED_PRECONDITION when tags are immutable and it has some. */
  delete(address: PackageAddress, how: PackageDeletion, draft: OperationDraft): Promise<Document>;
}

export interface VersionDeletion {
  /** Also when tags point at it; they go too. */
  readonly force: boolean;
  /** Past the trash: it cannot be had back. */
  readonly permanently?: boolean;
  /** Takes along its parts that nothing else needs, and what refers to what goes. */
  readonly cascade?: boolean;
  /** Only says what would go. */
  readonly validateOnly?: boolean;
  /** Asked about each version that goes along, before anything changes; refuses by throwing. */
  readonly mayDelete?: (version: string) => Promise<void>;
  /** Asked about each tag before anything changes; refuses by throwing. */
  readonly mayUntag?: MayUntag;
  /** What the operation tells of what goes and stays; all of it without this. */
  readonly told?: (plan: Cascade) => Promise<Cascade>;
}

export interface VersionResources {
  get(address: VersionAddress): Promise<VersionRecord | undefined>;
  /** Without `withTags` the rows have none, which spares looking for them. */
  list(
    parent: PackageAddress,
    query: ListQuery & { readonly withTags: boolean },
  ): Promise<Listed<VersionRecord>>;
  /** Versions of every package; the name order is by package, then version. Takes no condition. */
  listAll(parent: RepositoryAddress, query: ListQuery): Promise<Listed<VersionRecord>>;
  annotate(address: VersionAddress, change: (current: VersionRecord) => TextMap): Promise<VersionRecord>;
  /** Changes what its format remembers of it. */
  amend(address: VersionAddress, change: (current: VersionRecord) => Attributes): Promise<VersionRecord>;
  /** FAILED_PRECONDITION while another version has it as child, tags stop it or immutable tags name it. */
  delete(address: VersionAddress, how: VersionDeletion, draft: OperationDraft<Cascade>): Promise<Document>;
  /** Deletes what can be deleted, tags too; the draft is told the names of what could not. */
  deleteMany(
    parent: PackageAddress,
    versions: readonly string[],
    how: { readonly validateOnly: boolean; readonly mayUntag?: MayUntag },
    draft: OperationDraft<readonly string[]>,
  ): Promise<Document>;
}

export interface TagResources {
  get(address: TagAddress): Promise<TagRecord | undefined>;
  list(parent: PackageAddress, query: ListQuery): Promise<Listed<TagRecord>>;
  /** ALREADY_EXISTS when it is there, NOT_FOUND without the version. */
  create(address: TagAddress, version: string): Promise<TagRecord>;
  /** FAILED_PRECONDITION where tags are immutable. */
  move(address: TagAddress, version: string): Promise<TagRecord>;
  delete(address: TagAddress): Promise<void>;
}

export interface FileResources {
  get(address: FileAddress): Promise<FileRecord | undefined>;
  list(parent: RepositoryAddress, query: ListQuery): Promise<Listed<FileRecord>>;
  annotate(address: FileAddress, change: (current: FileRecord) => TextMap): Promise<FileRecord>;
  /** FAILED_PRECONDITION while a version is made of it, unless it may be taken from one, which goes with its last file. */
  delete(
    address: FileAddress,
    how: { readonly fromVersions: boolean; readonly mayUntag?: MayUntag },
    draft: OperationDraft,
  ): Promise<Document>;
}

export interface OperationResources {
  /** `location` is empty for operations that belong to no location. */
  get(address: {
    readonly project: string;
    readonly location: string;
    readonly id: string;
  }): Promise<OperationRecord | undefined>;
  /** Keeps one whose work was done elsewhere, and answers its body. */
  record(
    at: { readonly project: string; readonly location: string },
    draft: OperationDraft,
  ): Promise<Document>;
}

/** What the management API reads and changes. */
export interface Resources {
  readonly projects: ProjectResources;
  readonly repositories: RepositoryResources;
  readonly packages: PackageResources;
  readonly versions: VersionResources;
  readonly tags: TagResources;
  readonly tagHistory: TagHistory;
  readonly files: FileResources;
  readonly operations: OperationResources;
  readonly users: UserResources;
  readonly groups: GroupResources;
  readonly tokens: TokenResources;
  readonly policies: PolicyResources;
  readonly serviceAccounts: ServiceAccountResources;
  readonly serviceAccountKeys: ServiceAccountKeyResources;
  readonly roles: RoleResources;
  readonly scrub: ScrubResources;
  readonly workloadPools: WorkloadPoolResources;
  readonly workloadProviders: WorkloadProviderResources;
  readonly garbage: GarbageResources;
  readonly trash: Trash;
  readonly usage: UsageResources;
}
