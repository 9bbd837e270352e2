import type {
  BlobInfo,
  BlobWriter,
  Body,
  ByteRange,
  ByteStream,
  Checksum,
  CommittedBlob,
  Digest,
  WriteOptions,
} from './blob.ts';
import type { Sighting } from './copies.ts';
import type { Page, Slice } from './page.ts';

export interface Coordinates {
  readonly package: string;
  readonly version?: string;
}

/** A name for bytes inside one repository. */
export interface FileRef {
  readonly path: string;
  /** Whether the bytes behind this path may ever change. */
  readonly freshness: 'immutable' | 'revalidate';
  readonly coordinates?: Coordinates;
  /** Given when the path follows a tag of `coordinates.package`: the file is the tagged version's first one. */
  readonly tag?: string;
  readonly contentType?: string;
}

export interface StoredFile extends FileRef {
  readonly blob: BlobInfo;
  /** Of its bytes, those that were computed when they came, besides sha256. */
  readonly checksums?: readonly Checksum[];
}

/** A stored file as lists show it. */
export interface FileEntry {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly digest: Digest;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
  readonly coordinates?: Coordinates;
}

/** What a format remembers about a version. Its own schema checks it on the way in and out. */
export type Attributes = Readonly<Record<string, unknown>>;

export interface VersionRow {
  readonly package: string;
  readonly version: string;
  readonly attributes: Attributes;
  /** Bytes of everything the version is made of. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface TagRow {
  readonly tag: string;
  readonly version: string;
}

export interface TaggedVersion extends VersionRow {
  readonly tags: readonly string[];
}

/**
 * How one version points at another: a part of it, the thing it is about, or, for a companion, the thing whose name its tag
 * was made of.
 */
export type LinkKind = 'child' | 'subject' | 'companion';

export interface VersionLink {
  readonly kind: LinkKind;
  /** Name of a version of the same package. */
  readonly target: string;
}

/** What an index is built from. Lists are keyset queries, in byte order, never a walk. */
export interface CatalogReader {
  /** Asked on every download, which need not wait for what is known. */
  file(ref: FileRef): StoredFile | undefined | Promise<StoredFile | undefined>;
  /** Whether there is such a file, and its content is damaged or lost. */
  damaged(ref: FileRef): Promise<boolean>;
  /** Files whose paths start with `prefix`, in the order of these. */
  files(prefix: string, page: Page): Promise<Slice<FileEntry>>;
  version(pkg: string, version: string): Promise<VersionRow | undefined>;
  versions(pkg: string, page: Page): Promise<Slice<VersionRow>>;
  /** The names of all versions whose attributes have this one, in their order: a lot at a time, between which others have their turn. */
  versionNames(pkg: string, attribute: string): AsyncIterable<readonly string[]>;
  tags(pkg: string, page: Page): Promise<Slice<TagRow>>;
  /** The named versions that exist, each with all its tags. */
  tagged(pkg: string, versions: readonly string[]): Promise<readonly TaggedVersion[]>;
  untagged(pkg: string, page: Page): Promise<Slice<VersionRow>>;
  /** Names of packages that start with `prefix`. */
  packages(prefix: string, page: Page): Promise<Slice<string>>;
  /** First path segments of the package names under `prefix`, each once: the folders one level down. */
  folders(prefix: string, limit: number): Promise<readonly string[]>;
  /** Versions of `pkg` that link to `target`, by name. */
  linking(pkg: string, link: VersionLink, page: Page): Promise<Slice<VersionRow>>;
  hasPackage(pkg: string): Promise<boolean>;
  /** What the format remembers of the package itself, and a number that grows with every change of it, its versions and tags. */
  packageState(pkg: string): Promise<PackageState | undefined>;
  /** Another value whenever anything of a package is another whose name starts with `prefix`; nothing where there are none. */
  packagesState(prefix: string): Promise<string | undefined>;
  /** A number that grows with every name of a package that comes or goes; nothing where none starts with `prefix`. */
  namesRevision(prefix: string): Promise<number | undefined>;
  /** Packages whose text has all the words, best first. `after` is the row to go on from, counted from 0. */
  search(words: readonly string[], page: { readonly limit: number; readonly skip: number }): Promise<Found>;
  /** Whether somebody published the name here, though nothing of it may be left. */
  owns(pkg: string): Promise<boolean>;
}

export interface PackageState {
  /** Another one for each package there ever was, of whichever name. */
  readonly id: number;
  readonly revision: number;
  readonly attributes: Attributes;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface Found {
  readonly packages: readonly string[];
  /** How many match in all, as far as they are counted. */
  readonly total: number;
}

/** A file being named: where its bytes are, and how long they stay named while no version uses them. */
export interface NewFile extends FileRef {
  readonly blob: BlobInfo | CommittedBlob;
}

export interface PublishPlan {
  /** Where what is published is a copy: what is noted of it. */
  readonly sighting?: Sighting;
  readonly package: string;
  readonly version: string;
  readonly attributes: Attributes;
  /** Bytes of everything the version is made of. */
  readonly size: number;
  readonly files: readonly NewFile[];
  /** Paths already linked in this repository which the version needs; a missing one fails the publish. */
  readonly uses?: readonly string[];
  /** `child` targets must exist; a `subject` may come later. */
  /** Paths the version is made of that may not be there yet: each is its own from when it comes. */
  readonly awaits?: readonly string[];
  readonly links?: readonly VersionLink[];
  /** Whether `child` targets may be missing too, as in a copy of which only parts were asked for. */
  readonly partial?: boolean;
  /** Makes the package's own attributes out of what they were. */
  readonly describe?: (before: Attributes) => Attributes;
  /** What the package is found by; its name is always. */
  readonly searchText?: string;
  /** Refuses a version that was ever published here, though it is gone: ALREADY_EXISTS (VERSION_BURNT). */
  readonly once?: boolean;
  readonly tags?: readonly string[];
  /**
   * `keep`: an existing version stays as it is (its name already says what it holds). `extend`: it gets these files besides
   * those it has, and `size` is what they add; it stays as it is where it has all of them, and ALREADY_EXISTS (FILE_EXISTS)
   * where one has other bytes. With `once` it is the paths that are used up, not the version. `renew`: the same, but a file
   * that has other bytes has these from now on, as copies do of what changed elsewhere.
   */
  readonly onConflict: 'reject' | 'replace' | 'keep' | 'extend' | 'renew';
  /** What the attributes of a version become that is extended; they stay where absent. */
  readonly extend?: (before: Attributes) => Attributes;
}

/** An upload in progress. */
export interface Upload {
  /** What the client repeats to continue: opaque, authenticated, good for one repository, package and caller. */
  readonly session: string;
  readonly writer: BlobWriter;
}

export type MayUntag = (tag: TagRow) => Promise<void>;

/** The only way a format changes anything. Each call but the upload ones is one transaction. */
export interface HostedRepo extends CatalogReader {
  /** Reads a body of at most `limit` bytes into the store. */
  store(body: ByteStream, options?: WriteOptions): Promise<CommittedBlob>;
  /** Takes back what was stored here and is named by nothing, because what it was stored for was refused. */
  abandon(): Promise<void>;
  /** An upload session of `pkg`. */
  beginUpload(pkg: string, options?: WriteOptions): Promise<Upload>;
  /** NOT_FOUND (BLOB_UPLOAD_UNKNOWN) for a session of another repository, package or caller. */
  resumeUpload(pkg: string, session: string, options?: WriteOptions): Promise<Upload>;
  /** Names bytes that belong to no version yet: an OCI layer, a mounted blob. A known name gets a new lease. */
  link(file: NewFile, sighting?: Sighting): Promise<void>;
  /** FAILED_PRECONDITION (IN_USE) while a version needs the file. */
  unlink(path: string): Promise<void>;
  /**
   * Promises that a loose file stays for as long as a fresh one would. Nothing for other files; NOT_FOUND when it is
   * not there any more.
   */
  renew(file: StoredFile): Promise<void>;
  /** Bytes that were stored, or a part of them. */
  open(blob: BlobInfo, range?: ByteRange): Promise<Body>;
  /** The bytes of a small file. SIZE_LIMIT when it is larger than `limit`. */
  read(file: StoredFile, limit: number): Promise<Uint8Array<ArrayBuffer>>;
  publish(plan: PublishPlan): Promise<void>;
  amend(pkg: string, version: string, change: (attributes: Attributes) => Attributes): Promise<void>;
  /**
   * Fails with FAILED_PRECONDITION while another version has it as child. Its tags go with it; `mayUntag` is asked
   * about each before anything is changed, and refuses by throwing. It goes into the trash where the repository has one.
   */
  unpublish(pkg: string, version: string, mayUntag?: MayUntag): Promise<void>;
  /** The same, past the trash: for what was never there for anybody else. */
  discard(pkg: string, version: string): Promise<void>;
  /**
   * Takes a file from the version that it is of, which goes with its last one. NOT_FOUND (FILE_UNKNOWN) when no version has it;
   * FAILED_PRECONDITION while an immutable tag names the version.
   */
  withdraw(path: string, mayUntag?: MayUntag): Promise<void>;
  untag(pkg: string, tag: string): Promise<void>;
  /** Makes tags name versions that are there; the others stay. VERSION_UNKNOWN when one is not. */
  tag(pkg: string, tags: readonly TagRow[]): Promise<void>;
  /** NOT_FOUND (PACKAGE_UNKNOWN) when it is not there. */
  describe(pkg: string, change: (before: Attributes) => Attributes, searchText?: string): Promise<void>;
}
