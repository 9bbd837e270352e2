import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { BlobInfo } from '../core/blob.ts';
import type { ClockRecord, ClockStamp } from '../core/clock.ts';
import type { HostedRepo } from '../core/catalog.ts';
import { notFound } from '../core/error.ts';
import { TokenSealer } from '../lib/sealed-token.ts';
import { ClockWatch } from '../retain/clock-watch.ts';
import { Collector, type CollectorParts } from '../retain/collector.ts';
import { Reconciler } from '../retain/reconciler.ts';
import { MemoryBlobs } from '../stores/blobs/memory.ts';
import { CatalogTables, FileLookups } from '../stores/metadata/catalog-tables.ts';
import { GarbageQueue } from '../stores/metadata/gc-tables.ts';
import { HostedTables } from '../stores/metadata/hosted-tables.ts';
import { RepositoryTables } from '../stores/metadata/repository-directory.ts';
import { StoredTrash } from '../stores/metadata/resources/deleted-versions.ts';
import { UploadSessions } from '../stores/upload-sessions.ts';
import { type TemporaryDatabase, temporaryDatabase } from './temporary-database.ts';

export const LEASE = 3_600_000;
export const GRACE = 600_000;
export const DELAY = 60_000;

/** What one server after another knows of the clock. */
export class MemoryClockRecord implements ClockRecord {
  #stamp: ClockStamp | undefined;

  read(): ClockStamp | undefined {
    return this.#stamp;
  }

  write(stamp: ClockStamp): void {
    this.#stamp = stamp;
  }
}

/** A collector and repositories on one database and one store, with a clock that can be moved on. */
export class GarbageLab implements AsyncDisposable {
  readonly database: TemporaryDatabase['database'];
  readonly blobs: MemoryBlobs;
  readonly #temporary: TemporaryDatabase;
  readonly #files: FileLookups;
  // The triggers go by the clock of the database, which is the real one.
  #ahead = 0;
  #made = 0;

  private constructor(temporary: TemporaryDatabase) {
    this.#temporary = temporary;
    this.database = temporary.database;
    this.blobs = new MemoryBlobs(this.now);
    this.#files = new FileLookups(temporary.database);
  }

  static async open(): Promise<GarbageLab> {
    return new GarbageLab(await temporaryDatabase());
  }

  readonly now = (): number => Date.now() + this.#ahead;

  advance(milliseconds: number): void {
    this.#ahead += milliseconds;
  }

  /** With a retention, what is deleted goes into its trash. */
  async repo(project = 'p', trashRetention?: number): Promise<HostedRepo> {
    this.#made += 1;
    const repositories = new RepositoryTables(this.database, this.now);
    await repositories.ensureProject(project);
    const address = { project, location: 'us', repository: `r${this.#made}` };
    const { id } = await repositories.create(address, 'DOCKER');
    const uploads = new UploadSessions({
      blobs: this.blobs,
      sealer: new TokenSealer(randomBytes(32), 'upload'),
      now: this.now,
      ttlMs: LEASE,
    });
    return new HostedTables(
      {
        database: this.database,
        blobs: this.blobs,
        uploads,
        now: this.now,
        leaseMs: LEASE,
        trashRetention,
      },
      { repositoryId: id, account: 'admin', catalog: new CatalogTables(this.database, this.#files, id) },
    );
  }

  /** Restores or purges the last deletion of a version, of whichever repository. NOT_FOUND where there is none. */
  async back(pkg: string, version: string, what: 'undelete' | 'purge'): Promise<void> {
    const row = await this.database.read
      .selectFrom('deleted_version')
      .innerJoin('repository', 'repository.id', 'deleted_version.repository_id')
      .select(['deleted_version.id', 'project', 'location', 'repository.name as repository'])
      .where('package', '=', pkg)
      .where('deleted_version.name', '=', version)
      .orderBy('deleted_version.id', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (!row) throw notFound('DELETED_VERSION');
    const trash = new StoredTrash(this.database, this.now);
    const address = { ...row, id: String(row.id) };
    await (what === 'purge' ? trash.purge(address) : trash.undelete(address, () => Promise.resolve()));
  }

  reconciler(): Reconciler {
    return new Reconciler({
      blobs: this.blobs,
      tables: new GarbageQueue(this.database),
      now: this.now,
      settledMs: GRACE,
      keptMs: 7 * 24 * LEASE,
      most: { share: 0.5, atLeast: 10 },
    });
  }

  collector(more: Partial<CollectorParts> = {}): Collector {
    return new Collector({
      tables: new GarbageQueue(this.database),
      blobs: this.blobs,
      reconciler: this.reconciler(),
      clock: new ClockWatch({
        now: this.now,
        monotonic: () => this.now(),
        pauseMs: GRACE,
        record: new MemoryClockRecord(),
      }),
      times: { graceMs: GRACE, sweepDelayMs: DELAY },
      most: { share: 0.5, atLeast: 10 },
      now: this.now,
      random: () => 0.5,
      newId: () => crypto.randomUUID(),
      pace: {
        elapsed: () => 0,
        pause: () => setImmediate(),
        checkpoint: () => this.database.checkpoint(),
      },
      report: () => undefined,
      ...more,
    });
  }

  /** Until nothing is left to be done, long after everything that is going on now. */
  async settle(collector = this.collector()): Promise<void> {
    for (let round = 0; round < 4; round += 1) {
      this.advance(LEASE + GRACE + DELAY);
      for (let more = true; more;) ({ more } = await collector.turn());
    }
  }

  async states(): Promise<Readonly<Record<string, string>>> {
    const rows = await this.database.read.selectFrom('blob').select(['digest', 'state']).execute();
    return Object.fromEntries(rows.map(({ digest, state }) => [digest, state]));
  }

  async objects(): Promise<readonly BlobInfo[]> {
    return Array.fromAsync(this.blobs.list());
  }

  /** Files whose content cannot be had, and objects and rows that stand for nothing. */
  async faults(): Promise<readonly string[]> {
    const rows = await this.database.read
      .selectFrom('blob')
      .leftJoin(
        (named) =>
          named
            .selectFrom('file')
            .select(['blob_digest', 'path'])
            .unionAll(named.selectFrom('deleted_file').select(['blob_digest', 'path']))
            .as('file'),
        (join) => join.onRef('file.blob_digest', '=', 'blob.digest'),
      )
      .select(['blob.digest', 'blob.size', 'blob.generation', 'blob.state', 'file.path'])
      .execute();
    const faults: string[] = [];
    for (const { path, state, generation, size, digest } of rows) {
      const there = await this.blobs.has({ digest: digest as BlobInfo['digest'], size, generation });
      const servable = there && (state === 'live' || state === 'condemned');
      if (path !== null && !servable) faults.push(`${path} names what is ${there ? state : 'not there'}`);
    }
    const known = new Set(rows.map(({ digest, generation }) => `${digest}.${generation}`));
    for (const { digest, generation } of await this.objects())
      if (!known.has(`${digest}.${generation}`)) faults.push(`${digest} is an orphan`);
    return faults;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#temporary[Symbol.asyncDispose]();
  }
}
