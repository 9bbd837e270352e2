import { join } from 'node:path';
import type { CommittedBlob } from '../core/blob.ts';
import type { Fetching } from '../core/downloads.ts';
import { SharedDownloads } from '../modes/downloads/shared-downloads.ts';
import { FilesystemBlobs } from '../stores/blobs/filesystem.ts';
import { adoptBlob, unnamed } from '../stores/metadata/adopt-blob.ts';
import { MetadataDatabase } from '../stores/metadata/database.ts';
import { FetchTables } from '../stores/metadata/fetch-tables.ts';
import { RepositoryTables } from '../stores/metadata/repository-directory.ts';
import type { ScriptedUpstream } from './scripted-fetch.ts';

const WHAT = 'file a/b';
const REPOSITORY = { project: 'p', location: 'us', repository: 'r' };

/** One of the processes that fetch for the same data, in whichever process it really is. */
export class DownloadProcess implements AsyncDisposable {
  readonly database: MetadataDatabase;
  readonly blobs: FilesystemBlobs;
  readonly downloads: SharedDownloads;
  readonly leases: FetchTables;
  readonly failures: unknown[] = [];
  readonly #renewals = new Set<() => void>();
  readonly #repositoryId: number;

  private constructor(
    repositoryId: number,
    database: MetadataDatabase,
    blobs: FilesystemBlobs,
    now: () => number,
  ) {
    this.#repositoryId = repositoryId;
    this.database = database;
    this.blobs = blobs;
    this.leases = new FetchTables(database);
    const failed = (cause: unknown): void => void this.failures.push(cause);
    this.downloads = new SharedDownloads({
      blobs,
      discard: async (blob) => {
        for (const nobodys of await unnamed(database.read, [blob])) await blobs.delete(nobodys);
      },
      failed,
      sharing: {
        leases: this.leases,
        now,
        newId: () => crypto.randomUUID(),
        pause: () => new Promise((later) => setImmediate(later)),
        every: (_, work) => {
          this.#renewals.add(work);
          return () => this.#renewals.delete(work);
        },
        failed,
      },
    });
  }

  /** `root` is a directory that all of them share. */
  static async open(root: string, now: () => number): Promise<DownloadProcess> {
    const database = await MetadataDatabase.open(join(root, 'entrepot.db'), { shared: true });
    const blobs = await FilesystemBlobs.open({ root: join(root, 'blobs') });
    const repositories = new RepositoryTables(database, now);
    await repositories.ensureProject('p');
    const { id } = repositories.find(REPOSITORY) ?? (await repositories.create(REPOSITORY, 'DOCKER'));
    return new DownloadProcess(id, database, blobs, now);
  }

  get key() {
    return { repositoryId: this.#repositoryId, what: WHAT };
  }

  /** What this process wants, always the same, from an upstream of its own. */
  wanting({ open }: ScriptedUpstream, more: Partial<Fetching> = {}): Fetching {
    return {
      ...this.key,
      expected: {},
      limit: 10_000_000,
      isKept: async () => (await this.kept()).length > 0,
      open,
      keep: (blob) => this.#keep(blob),
      ...more,
    };
  }

  /** Digests of what was kept. */
  async kept(): Promise<readonly string[]> {
    const rows = await this.database.read.selectFrom('upstream_state').select('etag').execute();
    return rows.map(({ etag }) => etag ?? '');
  }

  /** What every process does some seconds after the other. */
  async renew(): Promise<void> {
    for (const work of this.#renewals) work();
    // One transaction at a time: that of the renewal is over when this one begins.
    await this.database.transaction(async () => undefined);
  }

  /** How many fetches it says it is at. */
  get renewing(): number {
    return this.#renewals.size;
  }

  async rows(): Promise<number> {
    return (await this.database.read.selectFrom('upstream_fetch').selectAll().execute()).length;
  }

  async #keep(blob: CommittedBlob): Promise<void> {
    const surplus = await this.database.transaction(async (tx) => {
      const spare = await adoptBlob(tx, blob, 0);
      const values = { etag: blob.digest, validated_at: 0 };
      await tx
        .insertInto('upstream_state')
        .values({ repository_id: this.#repositoryId, what: WHAT, ...values })
        .onConflict((conflict) => conflict.columns(['repository_id', 'what']).doUpdateSet(values))
        .execute();
      return spare;
    });
    if (surplus) await this.blobs.delete(surplus);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.downloads[Symbol.asyncDispose]();
    await this.blobs[Symbol.asyncDispose]();
    await this.database[Symbol.asyncDispose]();
  }
}
