import type { BlobInfo, Body, ByteRange } from './core/blob.ts';
import type { HostedRepo } from './core/catalog.ts';
import type { CopiedDocuments } from './core/documents.ts';
import type { Downloads } from './core/downloads.ts';
import { RegistryError } from './core/error.ts';
import type { Format, FormatUpstream } from './core/format.ts';
import type { PullNotes } from './core/pulls.ts';
import type { RemoteSettings } from './core/remote-settings.ts';
import type { Repo } from './core/repo.ts';
import { type RepositoryDirectory, repositoryName, type RepositoryRow } from './core/repository.ts';
import type { Upstream, UpstreamAnswer, UpstreamHealth, UpstreamRequest } from './core/upstream.ts';
import type { Upstreams, UpstreamSecrets } from './core/upstreams.ts';
import type { DataPlane } from './http/data-plane.ts';
import { upstreamUri } from './lib/upstream-uri.ts';
import type { Company } from './modes/company.ts';
import { RemoteMemory } from './modes/remote-memory.ts';
import { remoteSettings } from './modes/remote-settings.ts';
import { RemoteRepo } from './modes/remote.ts';
import type { Log } from './ops/log.ts';
import { DependencySafety } from './policy/dependency-safety.ts';
import { CopyTables } from './stores/metadata/copy-tables.ts';
import type { MetadataDatabase } from './stores/metadata/database.ts';
import { HereUpstream } from './upstream-here.ts';
import type { UpstreamLoop } from './upstream-loop.ts';

const MOST = 1_000;
/** pip waits for an answer for 15 seconds, which no client is known to do less. */
const PATIENCE_MS = 10_000;

interface RemotesParts {
  readonly database: MetadataDatabase;
  readonly bodies: { open(blob: BlobInfo, range?: ByteRange): Body | Promise<Body> };
  readonly documents: CopiedDocuments;
  readonly company: Company;
  readonly keepsLater: boolean;
  /** Where a repository's copies are kept. */
  readonly stored: (row: RepositoryRow) => HostedRepo;
  readonly formats: readonly Format[];
  readonly directory: Pick<RepositoryDirectory, 'find'>;
  readonly downloads: Downloads;
  readonly upstreams: Upstreams;
  readonly secrets: Pick<UpstreamSecrets, 'find'>;
  readonly loop: UpstreamLoop;
  /** What answers requests to repositories of this server. */
  readonly data: () => Pick<DataPlane, 'match' | 'run'>;
  readonly pulls: PullNotes;
  readonly log: Log;
  readonly now: () => number;
}

interface Opened {
  /** The configuration that it was opened with. */
  readonly config: string;
  readonly repo: RemoteRepo;
  readonly format: FormatUpstream;
  readonly upstream: Upstream;
}

/** Repositories that are copies of others. */
export function openRemotes(parts: RemotesParts) {
  const { bodies, company, database, documents, downloads, keepsLater, log, now } = parts;
  const memory = new RemoteMemory();
  const copies = new CopyTables(database);
  const policy = new DependencySafety();
  // What they remember outlives commits, which make other rows.
  const opened = new Map<number, Opened>();
  const byRow = new WeakMap<RepositoryRow, Opened>();

  const open = (row: RepositoryRow): Opened => {
    const known = byRow.get(row);
    if (known) return known;
    const config = JSON.stringify([row.project, row.location, row.repository, row.config]);
    const before = opened.get(row.id);
    const fresh = before?.config === config ? before : make(row, config);
    opened.delete(row.id);
    opened.set(row.id, fresh);
    const [oldest] = opened.keys();
    if (opened.size > MOST && oldest !== undefined) opened.delete(oldest);
    byRow.set(row, fresh);
    return fresh;
  };

  const make = (row: RepositoryRow, config: string): Opened => {
    const format = parts.formats.find(({ id }) => id === row.format);
    if (!format?.upstream)
      throw new RegistryError(
        'FAILED_PRECONDITION',
        'UPSTREAM_UNKNOWN',
        `there are no remote repositories in the format ${row.format}`,
      );
    const settings = remoteSettings(row.config, format);
    const upstream = parts.loop.guarded(row.id, upstreamOf(row, settings, format, parts));
    const repo = new RemoteRepo({
      name: repositoryName(row),
      repositoryId: row.id,
      settings,
      format: format.upstream,
      upstream,
      downloads,
      stored: parts.stored(row),
      bodies,
      documents,
      company,
      keepsLater,
      copies,
      policy,
      memory,
      pulled: (file) => parts.pulls.note(row.id, file),
      now,
      patienceMs: PATIENCE_MS,
      unnoticed: (cause) => log.write('warn', 'an upstream could not be asked', { cause }),
    });
    return { config, repo, format: format.upstream, upstream };
  };

  return {
    read: (row: RepositoryRow): Repo => {
      parts.loop.require(row.id);
      return open(row).repo;
    },
    /** What is here of one, and let in; nobody is asked for more. */
    held: (row: RepositoryRow): Repo => open(row).repo.held,
    upstream: (row: RepositoryRow): Upstream => open(row).upstream,
    /** How its format has files at servers elsewhere. */
    format: (row: RepositoryRow): FormatUpstream => open(row).format,
    /** Resolves when everything is kept that was answered, and from then on nothing waits. Downloads have to go on meanwhile. */
    settled: async () => {
      company[Symbol.dispose]();
      await memory.unkeptFiles.allSettled();
      await memory.unkept.allSettled();
    },
  };
}

function upstreamOf(
  row: RepositoryRow,
  { upstream }: RemoteSettings,
  format: Format,
  { directory, data, secrets, upstreams }: RemotesParts,
): Upstream {
  if (upstream.kind === 'here')
    return new HereUpstream({ address: upstream.repository, format, directory, data });
  const { uri: configured, tokenOrigins } = upstream;
  const uri = upstreamUri(format.root, configured);
  return new ServerUpstream({
    anonymous: upstreams.open({ uri }),
    open: async () => {
      const credentials = await secrets.find(row.id);
      return upstreams.open({ uri, tokenOrigins, ...(credentials && { credentials }) });
    },
  });
}

/** A server elsewhere, asked each time with the credentials that are set by then. */
class ServerUpstream implements Upstream {
  readonly #parts: { readonly anonymous: Upstream; readonly open: () => Promise<Upstream> };

  constructor(parts: { readonly anonymous: Upstream; readonly open: () => Promise<Upstream> }) {
    this.#parts = parts;
  }

  async fetch(request: UpstreamRequest): Promise<UpstreamAnswer> {
    return (await this.#parts.open()).fetch(request);
  }

  /** How servers are is known of all that are asked of them, with whatever credentials. */
  health(): UpstreamHealth {
    return this.#parts.anonymous.health();
  }
}
