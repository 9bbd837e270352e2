import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { FormatUpstream } from '../core/format.ts';
import type { RemoteSettings, SafetyRules } from '../core/remote-settings.ts';
import type { OpenedFile, Repo } from '../core/repo.ts';
import { TokenSealer } from '../lib/sealed-token.ts';
import { SharedDownloads } from '../modes/downloads/shared-downloads.ts';
import { Company } from '../modes/company.ts';
import { RemoteMemory } from '../modes/remote-memory.ts';
import { RemoteRepo } from '../modes/remote.ts';
import { DependencySafety } from '../policy/dependency-safety.ts';
import { MemoryBlobs } from '../stores/blobs/memory.ts';
import { unnamed } from '../stores/metadata/adopt-blob.ts';
import { CatalogTables, FileLookups } from '../stores/metadata/catalog-tables.ts';
import { CopyEviction } from '../stores/metadata/copy-eviction.ts';
import { CopyTables } from '../stores/metadata/copy-tables.ts';
import type { MetadataDatabase } from '../stores/metadata/database.ts';
import { DocumentTables } from '../stores/metadata/document-tables.ts';
import { HostedTables } from '../stores/metadata/hosted-tables.ts';
import { RepositoryTables } from '../stores/metadata/repository-directory.ts';
import { UploadSessions } from '../stores/upload-sessions.ts';
import { Clock } from './harness.ts';
import { ScriptedUpstream } from './scripted-upstream.ts';
import { type TemporaryDatabase, temporaryDatabase } from './temporary-database.ts';

export const NO_RULES: SafetyRules = {
  allow: [],
  deny: [],
  minimumReleaseAge: 0,
  minimumReleaseAgeExceptions: [],
  pinFirstSeen: false,
};

export type Told = Partial<Omit<RemoteSettings, 'rules'>> & {
  readonly rules?: Partial<SafetyRules>;
  readonly evict?: boolean;
};

/** Remote repositories on real tables, with an upstream that does what it is told. */
export class RemoteLab implements AsyncDisposable {
  readonly clock = new Clock();
  readonly upstream = new ScriptedUpstream();
  readonly blobs = new MemoryBlobs();
  readonly memory = new RemoteMemory();
  readonly unnoticed: unknown[] = [];
  /** Of repositories that are opened from now on. */
  patienceMs = 10_000;
  readonly #temporary: TemporaryDatabase;
  readonly #downloads: SharedDownloads;
  readonly #format: FormatUpstream;
  readonly #company: Company;
  readonly #keepsLater: boolean;
  #repositories = 0;

  private constructor(temporary: TemporaryDatabase, format: FormatUpstream, later: Company | undefined) {
    this.#temporary = temporary;
    this.#downloads = new SharedDownloads({
      blobs: this.blobs,
      discard: async (blob) => {
        for (const nobodys of await unnamed(temporary.database.read, [blob]))
          await this.blobs.delete(nobodys);
      },
      failed: () => undefined,
    });
    this.#format = format;
    this.#keepsLater = later !== undefined;
    this.#company = later ?? new Company();
    // Nobody waits for others here.
    if (!later) this.#company[Symbol.dispose]();
  }

  /** Given `later`, short files are kept behind answers when it says so. */
  static async open(format: FormatUpstream, later?: Company): Promise<RemoteLab> {
    return new RemoteLab(await temporaryDatabase(), format, later);
  }

  get database(): MetadataDatabase {
    return this.#temporary.database;
  }

  /** Another remote repository, which has nothing yet. */
  async repository(told: Told = {}): Promise<{ readonly repo: RemoteRepo; readonly id: number }> {
    const directory = new RepositoryTables(this.database, this.clock.now);
    await directory.ensureProject('p');
    this.#repositories += 1;
    const address = { project: 'p', location: 'us', repository: `r${this.#repositories}` };
    const { id } = await directory.create(address, 'DOCKER');
    return { repo: this.at(id, told), id };
  }

  /** The same repository as another process has it, or with other settings. */
  at(id: number, { rules, evict, ...told }: Told = {}, memory = this.memory): RemoteRepo {
    const { database, blobs, clock } = this;
    const sealer = new TokenSealer(randomBytes(32), 'upload');
    const catalog = new CatalogTables(database, new FileLookups(database), id);
    const uploads = new UploadSessions({ blobs, sealer, now: clock.now, ttlMs: 1_000 });
    const options = { database, blobs, uploads, now: clock.now, leaseMs: 1_000_000 };
    const eviction = evict === true && {
      eviction: new CopyEviction({
        database,
        now: clock.now,
        newId: () => crypto.randomUUID(),
        pulls: { flush: async () => undefined },
      }),
    };
    return new RemoteRepo({
      name: `projects/p/locations/us/repositories/r${id}`,
      repositoryId: id,
      settings: {
        upstream: { kind: 'server', uri: 'https://upstream.example', tokenOrigins: [] },
        noCache: false,
        notFoundMaxAge: 60,
        staleWhileRevalidate: 0,
        forwardAudits: false,
        ...told,
        rules: { ...NO_RULES, ...rules },
      },
      format: this.#format,
      upstream: this.upstream,
      downloads: this.#downloads,
      stored: new HostedTables({ ...options, ...eviction }, { repositoryId: id, account: '', catalog }),
      bodies: blobs,
      documents: new DocumentTables(database, blobs, clock.now),
      company: this.#company,
      keepsLater: this.#keepsLater,
      copies: new CopyTables(database),
      policy: new DependencySafety(),
      memory,
      pulled: () => undefined,
      now: clock.now,
      patienceMs: this.patienceMs,
      unnoticed: (cause) => void this.unnoticed.push(cause),
    });
  }

  /** Waits until nothing is asked of the upstream and nothing is written. */
  async settled(): Promise<void> {
    for (let quiet = 0, asked = -1; quiet < 20; quiet += 1) {
      if (this.upstream.asked.length !== asked) quiet = 0;
      asked = this.upstream.asked.length;
      await this.memory.unkept.allSettled();
      await this.database.transaction(async () => undefined);
      await setImmediate();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#downloads[Symbol.asyncDispose]();
    await this.#temporary[Symbol.asyncDispose]();
  }
}

/** A file's bytes, as text, and how the answer came about. */
export async function read(repo: Repo, ref: Parameters<Repo['file']>[0]): Promise<readonly [string, string]> {
  const opened = await repo.file(ref);
  return [await textOf(opened), said(opened)];
}

export const textOf = async (opened: OpenedFile): Promise<string> => new Response(await opened.open()).text();

export const said = ({ cache }: Pick<OpenedFile, 'cache'>): string =>
  cache?.detail === undefined ? (cache?.outcome ?? 'none') : `${cache.outcome}: ${cache.detail}`;
