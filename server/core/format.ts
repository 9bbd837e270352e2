import type { AuditName } from './audit.ts';
import type {
  Body,
  ByteRange,
  ByteStream,
  Checksum,
  ChecksumAlgorithm,
  CommittedBlob,
  Digest,
} from './blob.ts';
import type {
  Attributes,
  CatalogReader,
  FileRef,
  HostedRepo,
  StoredFile,
  TaggedVersion,
  VersionLink,
  VersionRow,
} from './catalog.ts';
import type { OpenedDocument, DocumentReader } from './documents.ts';
import type { ClientLogins } from './client-logins.ts';
import { isNotFound, RegistryError, reworded } from './error.ts';
import type { IssuedToken, Principal, Within } from './iam.ts';
import type { ArtifactUpload } from './artifact-uploads.ts';
import type { Permission } from './permissions.ts';
import type { AuditLogType } from './policy.ts';
import type {
  ChecksumDatabase,
  Document,
  IndexKey,
  IndexReader,
  KeptIndex,
  ListedFile,
  UpstreamContext,
  RememberedIndex,
  RenderedIndex,
  RenderView,
} from './index-kind.ts';
import type { CacheState, OpenedFile, Repo } from './repo.ts';
import type { UpstreamFound } from './upstream.ts';

export type Params = Readonly<Record<string, string>>;

/** A parameter the route's own path promises; its absence is our mistake, not the client's. */
export function param(params: Params, name: string): string {
  const value = params[name];
  if (value === undefined)
    throw new RegistryError('INTERNAL', 'ROUTE_PARAM', `route has no parameter ${name}`);
  return value;
}

export interface RouteRequest {
  readonly params: Params;
  readonly query: URLSearchParams;
  readonly headers: Headers;
}

interface RouteBase {
  /**
   * Path below the repository. `:name` is one segment, `:name+` one or more, `:name*` any number; literals
   * match themselves. Read from the right, so a greedy name never swallows what follows it. With a slash at its end it is
   * for addresses that have one too: to all others a slash at the end says nothing.
   */
  readonly path: string;
  readonly permission: Permission;
  /**
   * What of the repository a request is about, for grants that are narrower than the repository. Says nothing of what
   * the path does not say, and never throws: a name that is none is refused later, to those who may know.
   */
  within?(request: Pick<RouteRequest, 'params'>): Within;
  /** What the audit log calls it, where it has a name for it (cloud.google.com/artifact-registry/docs/audit-logging). */
  readonly audit?: AuditName;
}

/** Answers GET and HEAD from a file. */
export interface FileRoute extends RouteBase {
  readonly kind: 'file';
  /** The file that an address names: always the same one. */
  file(request: Pick<RouteRequest, 'params'>): FileRef;
  /** Whether HEAD is how a writer asks what it need not send, so that the file must outlive the question. */
  readonly headBeforeWrite?: boolean;
  headers?(opened: OpenedFile): Record<string, string>;
  /** Words for a file that is not there; the client's protocol may have its own. */
  missing?(ref: FileRef): RegistryError;
  /** What is answered instead of a file that is not there: what can be told of another, or where to look. */
  instead?(repo: FilesAndIndexes, request: RouteRequest, basePath: string): Promise<Response | undefined>;
}

/** A repository as its mode answers reads. */
export type FilesAndIndexes = Pick<Repo, 'file' | 'index'>;

export interface CopiedDocument extends Document {
  readonly cache?: CacheState | undefined;
  readonly without?: readonly string[] | undefined;
}

/** Answers GET and HEAD from a derived document. */
export interface IndexRoute extends RouteBase {
  readonly kind: 'index';
  document(
    read: IndexReader,
    request: RouteRequest,
    basePath: string,
    baseUrl: string,
  ): Promise<CopiedDocument>;
}

/** Answers GET and HEAD from a document that is kept, or remembered, as it is sent. */
export interface KeptRoute extends RouteBase {
  readonly kind: 'kept';
  open(read: DocumentReader, request: RouteRequest, baseUrl: string): Promise<OpenedDocument>;
}

/** What is stored under names of a repository, or of those it is made of. */
export type StoredFiles = Pick<CatalogReader, 'file'>;

/** Another repository on this server, as far as the caller may read it. */
export interface ReadableElsewhere {
  /** The repository that the client's address names, and what of the address is left after it. */
  at(address: string): Promise<{ readonly repo: StoredFiles; readonly rest: string } | undefined>;
  /** Any file with these bytes that the caller may read. */
  holding(checksum: Checksum): Promise<StoredFile | undefined>;
}

/** What a request names beyond its path, held to the caller's rights. */
export interface Rights {
  /** Throws the refusal that the path itself would have got, whether or not what is named is there. */
  require(permission: Permission, within: Within): Promise<void>;
}

export interface Command extends RouteRequest {
  readonly body: ByteStream;
  readonly repo: HostedRepo;
  /** The settings of the repository that takes the write, as the management API has them. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Where the client finds this repository: a path on the host it used, no slash at the end. */
  readonly basePath: string;
  /** The same with scheme and host, for documents that must name addresses in full. */
  readonly baseUrl: string;
  /** Who asks. */
  readonly principal: Principal;
  /** The repository as it answers reads, whatever its mode. */
  readonly read: IndexReader;
  readonly elsewhere: ReadableElsewhere;
  readonly rights: Rights;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Has the kept documents of an index made anew, behind the answer, so that whoever asks then need not wait for them. */
  refresh<T>(index: KeptIndex<T>, key: IndexKey): void;
}

export interface CommandRoute extends RouteBase {
  readonly kind: 'command';
  /** GET is for asking after state that is no file and no index, such as how far an upload has come. */
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  run(command: Command): Promise<Response>;
}

/** A question that changes nothing and is answered from what the repository has, whatever its mode. */
export interface QueryRoute extends RouteBase {
  readonly kind: 'query';
  readonly method: 'GET' | 'POST';
  run(query: Query): Promise<Response>;
}

export interface Query extends RouteRequest {
  readonly body: ByteStream;
  readonly principal: Principal;
  readonly repo: RepoReader;
  readonly basePath: string;
  readonly baseUrl: string;
}

/** As much of a repository as answering questions needs. */
export type RepoReader = IndexReader & Pick<Repo, 'file' | 'search' | 'ask'>;

export type Route = FileRoute | IndexRoute | KeptRoute | CommandRoute | QueryRoute;

/** A file that was fetched from an upstream, on its way into the catalog. */
export interface FetchedFile {
  readonly ref: FileRef;
  readonly blob: CommittedBlob;
  readonly headers: Headers;
  /** As its index announced it, where one did. */
  readonly listed?: ListedFile;
  /** SIZE_LIMIT when it is larger than `limit` bytes. */
  read(limit: number): Promise<Uint8Array<ArrayBuffer>>;
  /** A part of it, both of whose ends are in it. */
  open(range: ByteRange): Promise<Body>;
  /** Another small file of the same upstream, which is not kept; nothing where it is not there. */
  beside(target: string, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** What a fetched file is to the catalog: the version it makes. */
export interface FetchedVersion {
  readonly package: string;
  readonly version: string;
  readonly attributes: Attributes;
  /** Bytes of everything the version is made of. */
  readonly size: number;
  /** The file as it is to be called, if not as it was asked for. */
  readonly file?: FileRef;
  /** Paths of files it is made of, which may not have been fetched yet. */
  readonly awaits?: readonly string[];
  readonly links?: readonly VersionLink[];
  readonly tags?: readonly string[];
  /** What the attributes become of a version that another file of it made; they stay where absent. */
  readonly extend?: (before: Attributes) => Attributes;
}

export interface Prefetch {
  /**
   * The files that a user means by `library/nginx:1.27`, or whatever is the format's way to write it. Refuses what is none. Where
   * only an index tells which files a version has, it is read.
   */
  references(text: string, read: IndexReader): readonly FileRef[] | Promise<readonly FileRef[]>;
  /** The file of a version, for formats whose versions are made of others. */
  version?(pkg: string, version: string): FileRef;
}

/** How a format's files are found at, and taken over from, servers elsewhere. */
export interface FormatUpstream {
  /** Well-known upstreams by Google's name for them; a function, since an address may come from a library. */
  readonly presets: Readonly<Record<string, () => string>>;
  /**
   * Where an upstream has the file, and what it is held to there. NOT_FOUND when an index says that there is no such file.
   * Indexes are read as the upstream has them: what the rules keep out is refused with a reason, once it is known what it is.
   */
  locate(ref: FileRef, read: IndexReader): ListedFileOrPath | Promise<ListedFileOrPath>;
  /**
   * When what a file is of came out, in milliseconds since the epoch, where no index says so beside where the file is: asked
   * only where a rule wants to know.
   */
  publishedAt?(ref: FileRef, read: IndexReader): Promise<number | undefined>;
  /** Nothing for a file that makes no version, such as a layer. Refuses what is not what it should be. */
  adopt(
    fetched: FetchedFile,
    read: IndexReader,
    context: UpstreamContext,
  ): Promise<FetchedVersion | undefined>;
  /** Refuses what names no checksum database; absent where the format has none. */
  checkDatabase?(database: ChecksumDatabase): void;
  /** Largest file that is read whole before it is served: whatever has no content type of its own. */
  readonly wholeUpTo: number;
  /** What the answer to HEAD promises of the content, where asking so costs a client less than a conditional GET. */
  announced?(headers: Headers): Digest | undefined;
  /** Versions are called by their content, so what rules say of versions they say of tags. */
  readonly versionsAreDigests?: boolean;
  /** The one spelling of what a rule says of names and versions, where they have several; `*` stands for any text. */
  readonly spelled?: { name(pattern: string): string; version(pattern: string): string };
  /** Whether what was found is a file, and not what a server has instead: a page about a folder, or one to log in. */
  isFile?(found: Pick<UpstreamFound, 'headers' | 'url'>, ref: FileRef): boolean;
  /** How what users name is fetched before anybody asks for it. */
  readonly prefetch?: Prefetch;
  /** Seconds for which a `revalidate` file is good without asking (gar.md 5.5). */
  readonly maxAge: number;
  /** Checksums of copies that clients ask for, computed while they come. */
  readonly algorithms?: readonly ChecksumAlgorithm[];
  /** What an answer with a file says that its bytes are: they are held to it. */
  promised?(headers: Headers): readonly Checksum[];
  /** What is asked of a new upstream to see that it is one of the format. */
  readonly probe: {
    readonly target: string;
    readonly headers?: Readonly<Record<string, string>>;
    /** Whether this is how a server of the format answers. */
    accepts(answer: { readonly status: number; readonly headers: Headers; readonly body: string }): boolean;
  };
}
export type ListedFileOrPath = Omit<ListedFile, 'version'> & { readonly version?: string };

/** Who is asking, for the routes of a format that stand above any repository. */
export interface ServiceRequest {
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly method: string;
  readonly principal: Principal;
  /** What this host answers to, for challenges and links. */
  readonly origin: string;
  /** What the path said for the route's parameters. */
  readonly params: Params;
  /** Where the client finds the repository below whose address it asks: absolute, no slash at the end. The origin, where above any. */
  readonly baseUrl: string;
  readonly body: ByteStream;
  /** The form fields of an `application/x-www-form-urlencoded` body, empty for others. */
  form(): Promise<URLSearchParams>;
  readonly tokens: ServiceTokens;
  readonly logins: ClientLogins;
  /** Package addresses of this format in every repository the caller may read, in byte order. */
  packages(page: { readonly limit: number; readonly after?: string }): Promise<{
    readonly rows: readonly string[];
    readonly more: boolean;
  }>;
}

export interface ServiceTokens {
  /** A registry token for the caller of this request, never good for more than the credential it came with. */
  registryToken(): Promise<IssuedToken>;
  /** The caller that a user name and password (any form of product.md 4) stand for. */
  login(username: string, password: string): Promise<ServiceTokens>;
}

/** A route above any repository: a ping, a token endpoint, a catalog. */
export interface ServiceRoute {
  readonly methods: readonly ('GET' | 'POST' | 'PUT' | 'DELETE')[];
  /** Path below the format's root; `:name` is one segment. */
  readonly path: string;
  /** `anyone`, or `account`: a caller without credentials is challenged. */
  readonly audience: 'anyone' | 'account';
  /** Whether callers come with credentials that may have ended, to get others or to end them. */
  readonly ignoresCredentials?: boolean;
  /** What the audit log calls it, where it shows what is stored; recorded where the installation's policy wants it. */
  readonly audit?: { readonly method: string; readonly type: AuditLogType };
  run(request: ServiceRequest): Promise<Response>;
}

/** Shown to people. The console and the CLI print these and know nothing else about a format. */
export interface Snippet {
  readonly title: string;
  readonly language: string;
  readonly text: string;
}
export interface Fact {
  readonly label: string;
  readonly value: string;
}

/** A repository that is addressed by a host name or first path segment of its own. */
export interface LegacyRepository {
  /** The first path segment: `us.gcr.io`. */
  readonly segment: string;
  /** What stands before the domain in the host form: `us.gcr`. */
  readonly hostLabel: string;
  readonly location: string;
  readonly repository: string;
}

/** Versions of a repository in the format's own words: a collection of the management API such as `dockerImages`. */
export interface VersionView {
  readonly collection: string;
  readonly permissions: { readonly get: Permission; readonly list: Permission };
  /** What the audit log calls the two. */
  readonly methods: { readonly get: string; readonly list: string };
  /** The view's fields that a list can be ordered by, and what they are of a version. */
  readonly orders: Readonly<Record<string, 'name' | 'createTime' | 'updateTime'>>;
  /** The id of a version in the collection, and back; nothing for what is none. */
  id(version: Pick<VersionRow, 'package' | 'version'>): string;
  parse(id: string): { readonly package: string; readonly version: string } | undefined;
  /** The resource without its name. `address` is the package's, as clients of the format write it. */
  resource(version: DatedVersion, address: string): Readonly<Record<string, unknown>>;
  readonly change?: VersionChange;
}

/** What of a version is changed in the format's own words. */
export interface VersionChange {
  readonly permission: Permission;
  /** What the audit log calls it. */
  readonly method: string;
  /** The fields of a view's resource that can be changed, as a whole or, of a map, by key. */
  readonly fields: Readonly<Record<string, 'mutable' | 'map'>>;
  /** The attributes of a version whose fields are these from now on. Refuses what cannot be. */
  apply(before: Attributes, fields: Readonly<Record<string, unknown>>): Attributes;
}

export interface DatedVersion extends TaggedVersion {
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
}

/** What the management API shows of a format's versions beyond what it knows of every version. */
export interface FormatApi {
  /** `Version.metadata`: a new object each time, which the caller may add to. */
  metadata(version: VersionRow): Record<string, unknown>;
  /** The first one is what metadata refers to. */
  readonly views: readonly VersionView[];
  /** The methods that take artifacts, whole or in sessions that can be resumed. */
  readonly uploads?: readonly ArtifactUpload[];
  /** The sum that `go.sum` has of a version, or of the file of it at `path`, where there is one: `DIRSUM_SHA256`. */
  readonly dirsum?: (version: Pick<VersionRow, 'attributes'>, path?: string) => Buffer | undefined;
  /** Whether a version stays what it is when a file of it is deleted. */
  readonly filesGoOneByOne?: true;
}

export interface ErrorBody {
  readonly contentType: string;
  readonly body: string;
}

export interface Format {
  /** Google's name for it, as in `Repository.format`. */
  readonly id: string;
  /** What stands after the location in an address: `us-central1-docker`. */
  readonly label: string;
  readonly title: string;
  /** Path segment in front of every address of this format, where its clients insist on one. */
  readonly root?: string;
  readonly legacyRepositories?: readonly LegacyRepository[];
  /** Headers on every answer, errors too. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly services?: readonly ServiceRoute[];
  /** Services that clients look for below a repository's address, though they are about accounts: log-ins. */
  readonly accountServices?: readonly ServiceRoute[];
  readonly routes: readonly Route[];
  /** The field of a Repository that has the format's own settings, where it has any. */
  readonly settings?: string;
  /** The segments below a repository, in the one way in which routes know them, where clients write them in several. */
  segments?(rest: readonly string[]): readonly string[];
  /** Whether clients of this format put a slash too many into an address, which then says nothing. */
  readonly takesEmptySegments?: boolean;
  /** Without it, there are no copies of other servers' repositories in this format. */
  readonly upstream?: FormatUpstream;
  /** The WWW-Authenticate value that makes this format's clients come back with credentials. Without it they are sent none. */
  challenge?(request: { readonly origin: string; readonly scope?: ChallengeScope }): string;
  readonly api?: FormatApi;
  snippets(address: string): readonly Snippet[];
  facts(version: VersionRow): readonly Fact[];
  readonly errorBody: (error: Pick<RegistryError, 'code' | 'reason' | 'message' | 'details'>) => ErrorBody;
}

export interface ChallengeScope {
  /** The package's full address on this host, as the client wrote it. */
  readonly address: string;
  readonly permission: Permission;
}

export const defineFormat = (format: Format): Format => format;

interface RouteOf<I> extends RouteBase {
  readonly index: I;
  readonly key: (request: RouteRequest) => IndexKey;
  /** Words for an index that is not there. */
  readonly missing?: (key: IndexKey) => RegistryError;
}

/** Closes over T, so the route table stays one plain list with no `any` in it. */
export function indexRoute<T>({ index, key, missing, ...rest }: RouteOf<RenderedIndex<T>>): IndexRoute {
  return {
    ...rest,
    kind: 'index',
    async document(read, request, basePath) {
      const at = key(request);
      const view: RenderView = { basePath, query: request.query, headers: request.headers };
      const made = async (): Promise<CopiedDocument> => {
        const part = await read.index(index, at);
        const document = index.render(await part.value(), at, view);
        return part.cache || part.without
          ? { ...document, cache: part.cache, without: part.without }
          : document;
      };
      return made().catch(orMissing(at, missing));
    },
  };
}

interface KeptRouteSpec<T> extends RouteOf<KeptIndex<T>> {
  readonly variant: (request: RouteRequest) => string;
}

export function keptRoute<T>({ index, key, variant, missing, ...rest }: KeptRouteSpec<T>): KeptRoute {
  return {
    ...rest,
    kind: 'kept',
    async open(read, request, baseUrl) {
      const at = key(request);
      return read.document(index, at, { variant: variant(request), baseUrl }).catch(orMissing(at, missing));
    },
  };
}

export function rememberedRoute<T>({ index, key, missing, ...rest }: RouteOf<RememberedIndex<T>>): KeptRoute {
  return {
    ...rest,
    kind: 'kept',
    async open(read, request, baseUrl) {
      const at = key(request);
      return read.remembered(index, at, baseUrl).catch(orMissing(at, missing));
    },
  };
}

/** Fails with the words that a route has for an index that is not there. */
const orMissing =
  (at: IndexKey, missing: RouteOf<unknown>['missing']) =>
  (error: unknown): never => {
    throw missing && isNotFound(error) ? reworded(error, missing(at)) : error;
  };
