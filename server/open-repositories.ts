import { apiUploads } from './api-uploads.ts';
import type { Act } from './core/audit.ts';
import type { BlobStore } from './core/blob.ts';
import type { CatalogReader } from './core/catalog.ts';
import type { Downloads } from './core/downloads.ts';
import type { Format } from './core/format.ts';
import { type Authorizer, memberOf } from './core/iam.ts';
import type { NotePull } from './core/pulls.ts';
import type { Repo } from './core/repo.ts';
import { type RepositoryDirectory, repositoryName, type RepositoryRow } from './core/repository.ts';
import type { UpstreamSecrets, Upstreams } from './core/upstreams.ts';
import type { DataPlane } from './http/data-plane.ts';
import type { Reader, WriteTarget } from './http/route-parts.ts';
import { Company } from './modes/company.ts';
import { KeptDocuments } from './modes/kept-documents.ts';
import { evictsCopies } from './modes/remote-settings.ts';
import { StandardRepo } from './modes/standard.ts';
import type { VirtualPriority } from './modes/virtual-settings.ts';
import { openPasts } from './open-pasts.ts';
import { openRemotes } from './open-remotes.ts';
import { type Nesting, openVirtuals } from './open-virtuals.ts';
import type { Log } from './ops/log.ts';
import type { UploadStep } from './stores/blobs/staged-upload.ts';
import { audited } from './stores/metadata/audited.ts';
import { BorrowingCatalog } from './stores/metadata/borrowing-catalog.ts';
import { CopyEviction } from './stores/metadata/copy-eviction.ts';
import { CatalogTables, FileLookups } from './stores/metadata/catalog-tables.ts';
import { DocumentTables } from './stores/metadata/document-tables.ts';
import type { MetadataDatabase } from './stores/metadata/database.ts';
import { HostedTables } from './stores/metadata/hosted-tables.ts';
import type { RecordStep } from './stores/metadata/repository-changes.ts';
import { PullStamps } from './stores/metadata/pull-stamps.ts';
import { SmallBodies } from './stores/small-bodies.ts';
import type { UploadSessions } from './stores/upload-sessions.ts';
import type { UpstreamLoop } from './upstream-loop.ts';

/** From here on the runtime has the kernel send a file; a smaller one it reads anew for each answer. */
const SMALL_BODY = 512 * 1024;
const SMALL_BODIES = 32 * 1024 * 1024;
/** For how long a copy is kept that nothing copied needs: it can be had again. */
const COPY_LEASE_MS = 30 * 24 * 3_600_000;

/**
 * Milliseconds for which copies and documents wait for a pause of their readers, and how long at most, where no other process misses
 * them: an installer stops to think for a tenth of a second now and then.
 */
const KEPT_LATER = { quietMs: 500, longestMs: 10_000 };

/** For how long pulls wait to be noted together. */
const NOTED_WITHIN_MS = 10_000;

interface OpenParts {
  readonly database: MetadataDatabase;
  readonly blobs: BlobStore;
  readonly directory: RepositoryDirectory;
  readonly authorizer: Authorizer;
  readonly virtualPriority: VirtualPriority;
  readonly uploads: UploadSessions;
  readonly log: Log;
  readonly now: () => number;
  readonly newId: () => string;
  /** In milliseconds. */
  readonly times: {
    /** How long a layer without a manifest is kept: longer than the longest push. */
    readonly leaseMs: number;
    /** How long deleted versions can be had back, unless their repository says otherwise. */
    readonly trashRetention: number;
  };
  /** What asks other servers. */
  readonly outward: {
    readonly upstreams: Upstreams;
    readonly secrets: Pick<UpstreamSecrets, 'find'>;
    readonly downloads: Downloads;
    readonly loop: UpstreamLoop;
  };
  /** Whether other processes serve the same data. */
  readonly shared: boolean;
  readonly formats: readonly Format[];
  /** What answers requests to these repositories, once there is one. */
  readonly data: () => Pick<DataPlane, 'match' | 'run'>;
  /** Called at each step of every write, for tests that stop the process just there. */
  readonly onStep?: (step: UploadStep | RecordStep) => void;
}

/** The repositories' contents: read by anyone, written for an account and under an act. */
export function openRepositories(parts: OpenParts) {
  const { database, blobs, uploads, log, now, newId, onStep } = parts;
  const { leaseMs, trashRetention } = parts.times;
  const files = new FileLookups(database);
  const bodies = new SmallBodies(blobs, { largest: SMALL_BODY, capacity: SMALL_BODIES });
  const catalog = (row: RepositoryRow) => new CatalogTables(database, files, row.id);
  const pulls = new PullStamps({
    database,
    now,
    delayMs: NOTED_WITHIN_MS,
    failed: (cause) => log.write('warn', 'it could not be noted what was pulled', { cause }),
  });
  const eviction = new CopyEviction({ database, now, newId, pulls });
  const hosted = (row: RepositoryRow, account: string, act?: Act, rows?: CatalogReader, lease = leaseMs) =>
    new HostedTables(
      {
        database: audited(database, act),
        blobs,
        uploads,
        now,
        leaseMs: lease,
        trashRetention,
        ...(evictsCopies(row.config) && { eviction }),
        ...(onStep && { onStep }),
      },
      { repositoryId: row.id, account, catalog: rows ?? catalog(row) },
    );
  // A row is one object until something is committed, and what answers its reads depends on nothing else.
  const readers = new WeakMap<RepositoryRow, Repo>();
  const kept = new DocumentTables(database, blobs, now);
  const company = new Company(parts.shared ? {} : KEPT_LATER);
  const documents = new KeptDocuments({
    company,
    store: kept,
    bodies,
    now,
    failed: (cause) => log.write('warn', 'a document could not be kept; it is made again', { cause }),
  });
  const stored = (row: RepositoryRow): Repo => {
    const known = readers.get(row);
    if (known) return known;
    const pulled: NotePull = (file) => pulls.note(row.id, file);
    const reader = new StandardRepo(repositoryName(row), hosted(row, ''), bodies, { pulled });
    readers.set(row, reader);
    return reader;
  };
  const remotes = openRemotes({
    database,
    bodies,
    documents: kept,
    company,
    keepsLater: !parts.shared,
    stored: (row) => hosted(row, '', undefined, undefined, COPY_LEASE_MS),
    directory: parts.directory,
    formats: parts.formats,
    ...parts.outward,
    pulls,
    data: parts.data,
    log,
    now,
  });
  const pastOf = openPasts({ database, bodies, remotes, pulls, present: (row) => hosted(row, '') });
  const read = (row: RepositoryRow, reader: Reader, nesting?: Nesting): Repo => {
    if (reader.asOf !== undefined && row.mode !== 'VIRTUAL_REPOSITORY') return pastOf(row, reader.asOf);
    switch (row.mode) {
      case 'STANDARD_REPOSITORY':
        return stored(row);
      case 'REMOTE_REPOSITORY':
        return remotes.read(row);
      case 'VIRTUAL_REPOSITORY':
        return virtuals.read(row, reader, nesting);
      default:
        return row.mode satisfies never;
    }
  };
  const here = (row: RepositoryRow): Repo =>
    row.mode === 'REMOTE_REPOSITORY' ? remotes.held(row) : stored(row);
  const held = (row: RepositoryRow, reader: Reader, nesting?: Nesting): Repo =>
    row.mode === 'VIRTUAL_REPOSITORY' ? heldVirtuals.read(row, reader, nesting) : here(row);
  const { directory, authorizer, virtualPriority: priority } = parts;
  const virtuals = openVirtuals({ directory, authorizer, priority, open: read });
  const heldVirtuals = openVirtuals({ directory, authorizer, priority, open: held });
  const target = (row: RepositoryRow): WriteTarget | Promise<WriteTarget> => {
    switch (row.mode) {
      case 'STANDARD_REPOSITORY':
        return { to: row };
      case 'VIRTUAL_REPOSITORY':
        return virtuals.target(row);
      case 'REMOTE_REPOSITORY':
        return { why: 'it is a remote repository, which holds copies of another', instead: [] };
      default:
        return row.mode satisfies never;
    }
  };
  const write = (row: RepositoryRow, { principal }: Reader, act: Act | undefined, behind?: Repo) => {
    const account = principal.kind === 'anonymous' ? '' : memberOf(principal);
    const repo = hosted(row, account, act);
    if (!behind) return repo;
    const link = repo.link.bind(repo);
    const borrower = { behind, link, store: repo.store.bind(repo) };
    return hosted(row, account, act, new BorrowingCatalog(borrower, database, files, row.id));
  };
  const documentsOf = (row: RepositoryRow, repo: Repo) => documents.of(row.id, repo);
  return {
    catalog,
    /** What is stored in a repository, whatever its mode, and of copies what its rules let in. */
    here,
    /** The same, and of a repository that is made of others what is stored in them. */
    held,
    read,
    /** Copies of others, and what they are copies of. */
    remotes,
    target,
    write,
    apiUploads: apiUploads({ directory, target, write, read, documents: documentsOf }),
    documents: documentsOf,
    pulls,
    /** Waits for what is still being kept. */
    [Symbol.asyncDispose]: async () => {
      await documents[Symbol.asyncDispose]();
      await pulls[Symbol.asyncDispose]();
    },
  };
}
