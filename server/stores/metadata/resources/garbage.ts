import { type Kysely, sql } from 'kysely';
import type {
  BlobExplanation,
  BlobReference,
  Freed,
  GarbageResources,
  GarbageRun,
  GarbageStatistics,
} from '../../../core/garbage.ts';
import { repositoryName } from '../../../core/repository.ts';
import { requestRun, runOf } from '../gc-runs.ts';
import type { BlobState, Schema } from '../schema.ts';
import type { GcQueueTable } from '../schema-collection.ts';
import type { Transactions } from '../transactions.ts';

/** References that are told of a blob, and versions of one of those. */
const MOST = 100;

/** What is told of the collection of garbage. */
export class StoredGarbage implements GarbageResources {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async statistics(): Promise<GarbageStatistics> {
    const db = this.#database.read;
    const state = await db.selectFrom('gc_state').selectAll().where('only', '=', 0).executeTakeFirstOrThrow();
    const last = await db
      .selectFrom('gc_run')
      .selectAll()
      .orderBy('requested_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return {
      waiting: {
        files: await waiting(db, 'file'),
        blobs: await waiting(db, 'blob'),
      },
      stored: { blobs: state.blobs, bytes: state.bytes },
      condemned: await inState(db, 'condemned'),
      deleting: await inState(db, 'deleting'),
      freed: { blobs: state.freed_blobs, bytes: state.freed_bytes },
      ...(last && { lastRun: runOf(last) }),
    };
  }

  request(run: { readonly id: string; readonly forced: boolean }): Promise<GarbageRun> {
    return this.#database.transaction((tx) => requestRun(tx, run, this.#now()));
  }

  async run(id: string): Promise<GarbageRun | undefined> {
    const row = await this.#database.read
      .selectFrom('gc_run')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row && runOf(row);
  }

  async explain(digest: string): Promise<BlobExplanation> {
    const db = this.#database.read;
    const blob = await db
      .selectFrom('blob')
      .select(['size', 'state', 'created_at as createdAt'])
      .where('digest', '=', digest)
      .executeTakeFirst();
    const [review] = await db
      .selectFrom('gc_queue')
      .select(['reason', 'due_at as dueAt', 'attempts'])
      .where('kind', 'in', ['blob', 'sweep'])
      .where('key', '=', digest)
      .orderBy('kind', 'desc')
      .execute();
    const freed = await db
      .selectFrom('freed_blob')
      .select(['freed_at as at', 'size', 'run'])
      .where('digest', '=', digest)
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    return {
      digest,
      ...(blob && { blob }),
      references: [
        ...(await references(db, digest)),
        ...(await trashOf(db, digest)),
        ...(await documentsOf(db, digest)),
      ],
      ...(review && { review }),
      ...(freed && { freed }),
    };
  }
}

async function waiting(db: Kysely<Schema>, kind: GcQueueTable['kind']): Promise<number> {
  const { number } = await db
    .selectFrom('gc_queue')
    .select(({ fn }) => fn.countAll<number>().as('number'))
    .where('kind', '=', kind)
    .executeTakeFirstOrThrow();
  return number;
}

async function inState(db: Kysely<Schema>, state: Exclude<BlobState, 'live'>): Promise<Freed> {
  const { blobs, bytes } = await db
    .selectFrom('blob')
    .select(({ fn }) => [fn.countAll<number>().as('blobs'), fn.sum<number | null>('size').as('bytes')])
    .where('state', '=', state)
    // As a literal, or the planner cannot tell that the index of such blobs holds them.
    .where('state', '<>', sql.lit('live'))
    .executeTakeFirstOrThrow();
  return { blobs, bytes: bytes ?? 0 };
}

async function references(db: Kysely<Schema>, digest: string): Promise<readonly BlobReference[]> {
  const files = await db
    .selectFrom('file')
    .innerJoin('repository', 'repository.id', 'file.repository_id')
    .leftJoin('package', 'package.id', 'file.package_id')
    .leftJoin('version', 'version.id', 'file.version_id')
    .select([
      'file.id',
      'file.path',
      'file.lease_until',
      'package.name as package',
      'version.name as version',
      'repository.project',
      'repository.location',
      'repository.name as repository',
    ])
    .where('file.blob_digest', '=', digest)
    .limit(MOST)
    .execute();
  return Promise.all(
    files.map(async ({ id, path, lease_until: lease, package: pkg, version, ...address }) => {
      const versions = version === null ? await usersOf(db, id) : [version];
      return {
        repository: repositoryName(address),
        ...(pkg !== null && { package: pkg }),
        path,
        versions,
        ...(versions.length === 0 && lease !== null && { leaseUntil: lease }),
      };
    }),
  );
}

async function trashOf(db: Kysely<Schema>, digest: string): Promise<readonly BlobReference[]> {
  const rows = await db
    .selectFrom('deleted_file')
    .innerJoin('deleted_version', 'deleted_version.id', 'deleted_file.deleted_id')
    .innerJoin('repository', 'repository.id', 'deleted_version.repository_id')
    .select([
      'deleted_file.path',
      'deleted_version.package',
      'deleted_version.name as version',
      'deleted_version.purge_at as purgeAt',
      'repository.project',
      'repository.location',
      'repository.name as repository',
    ])
    .where('deleted_file.blob_digest', '=', digest)
    .limit(MOST)
    .execute();
  return rows.map(({ path, package: pkg, version, purgeAt, ...address }) => ({
    repository: repositoryName(address),
    package: pkg,
    path,
    versions: [version],
    purgeAt,
  }));
}

async function documentsOf(db: Kysely<Schema>, digest: string): Promise<readonly BlobReference[]> {
  const rows = await db
    .selectFrom('document')
    .innerJoin('repository', 'repository.id', 'document.repository_id')
    .select([
      'document.kind',
      'document.key',
      'repository.project',
      'repository.location',
      'repository.name as repository',
    ])
    .where('document.blob_digest', '=', digest)
    .limit(MOST)
    .execute();
  return rows.map(({ kind, key, ...address }) => ({
    repository: repositoryName(address),
    path: `the ${kind} of ${key}`,
    versions: [],
  }));
}

async function usersOf(db: Kysely<Schema>, file: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('version_use')
    .innerJoin('version', 'version.id', 'version_use.version_id')
    .select('version.name')
    .where('version_use.file_id', '=', file)
    .limit(MOST)
    .execute();
  return rows.map(({ name }) => name);
}
