import { type Kysely, sql } from 'kysely';
import type { BlobInfo, Digest } from '../../core/blob.ts';
import { repositoryName } from '../../core/repository.ts';
import type {
  Damage,
  DamagedBlob,
  ScrubCandidate,
  ScrubPosition,
  ScrubState,
  ScrubTables,
} from '../../core/scrub.ts';
import type { Schema } from './schema.ts';
import type { ScrubStateTable } from './schema-collection.ts';
import type { Transactions } from './transactions.ts';

/** Repositories that are told of one damaged blob. */
const MOST_REPOSITORIES = 10;

export class ScrubStore implements ScrubTables {
  readonly #database: Transactions;

  constructor(database: Transactions) {
    this.#database = database;
  }

  state(): Promise<ScrubState> {
    return scrubState(this.#database.read);
  }

  damaged(limit: number): Promise<readonly DamagedBlob[]> {
    return damagedBlobs(this.#database.read, limit);
  }

  claim(owner: string, now: number, until: number): Promise<ScrubPosition | undefined> {
    return this.#database.transaction(async (tx) => {
      const row = await only(tx);
      const leased = row.owner !== null && row.owner !== owner && row.lease_until > now;
      // A lease that ends later than ours would was given before the clock was put back.
      if (leased && row.lease_until <= until) return undefined;
      const known = positionOf(row);
      const asked = row.requested_at > (known ?? { startedAt: row.last_from ?? 0 }).startedAt;
      // Not before it was asked for, by whichever clock.
      const startedAt = Math.max(now, row.requested_at);
      const position =
        known && !asked ? known : { startedAt, blobs: 0, bytes: 0, cursor: '', hurried: asked };
      await tx
        .updateTable('scrub_state')
        .set({ owner, lease_until: until, ...columnsOf(position) })
        .execute();
      return position;
    });
  }

  async next(after: string, limit: number): Promise<readonly ScrubCandidate[]> {
    const rows = await this.#database.read
      .selectFrom('blob')
      .select(['digest', 'size', 'generation', 'state'])
      .where('digest', '>', after)
      .where('state', 'in', ['live', 'condemned', 'missing'])
      .orderBy('digest')
      .limit(limit)
      .execute();
    return rows.map(({ digest, size, generation, state }) => ({
      digest: digest as Digest,
      size,
      generation,
      lost: state === 'missing',
    }));
  }

  async save(owner: string, position: ScrubPosition, until: number): Promise<boolean> {
    return this.#database.transaction(async (tx) => {
      const row = await only(tx);
      if (row.owner !== owner || row.requested_at > position.startedAt) return false;
      await tx
        .updateTable('scrub_state')
        .set({ lease_until: until, ...columnsOf(position) })
        .execute();
      return true;
    });
  }

  async release(owner: string): Promise<void> {
    await this.#database.transaction((tx) =>
      tx.updateTable('scrub_state').set({ owner: null }).where('owner', '=', owner).execute(),
    );
  }

  async finish(owner: string, { startedAt, blobs, bytes }: ScrubPosition, now: number): Promise<void> {
    await this.#database.transaction((tx) =>
      tx
        .updateTable('scrub_state')
        .set({ owner: null, pass_from: null, cursor: '' })
        .set({ last_from: startedAt, last_to: now, last_blobs: blobs, last_bytes: bytes })
        .where('owner', '=', owner)
        .execute(),
    );
  }

  markDamaged(blob: BlobInfo, damage: Damage): Promise<boolean> {
    return this.#move(blob, ['live', 'condemned'], damage);
  }

  markSound(blob: BlobInfo): Promise<boolean> {
    return this.#move(blob, ['missing'], 'live');
  }

  async #move(
    { digest, generation }: BlobInfo,
    from: readonly ('live' | 'condemned' | 'missing')[],
    to: Damage | 'live',
  ): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.transaction((tx) =>
      tx
        .updateTable('blob')
        .set(({ eb }) => ({ state: to, revision: eb('revision', '+', 1) }))
        .where('digest', '=', digest)
        .where('generation', '=', generation)
        .where('state', 'in', from)
        .executeTakeFirst(),
    );
    return numUpdatedRows === 1n;
  }
}

const only = (db: Kysely<Schema>) => db.selectFrom('scrub_state').selectAll().executeTakeFirstOrThrow();

function positionOf(row: ScrubStateTable): ScrubPosition | undefined {
  if (row.pass_from === null) return undefined;
  const { pass_from: startedAt, pass_blobs: blobs, pass_bytes: bytes, cursor, hurried } = row;
  return { startedAt, blobs, bytes, cursor, hurried: hurried === 1 };
}

const columnsOf = ({ startedAt, blobs, bytes, cursor, hurried }: ScrubPosition) => ({
  pass_from: startedAt,
  pass_blobs: blobs,
  pass_bytes: bytes,
  cursor,
  hurried: Number(hurried),
});

export async function scrubState(db: Kysely<Schema>): Promise<ScrubState> {
  const row = await only(db);
  const stored = await db.selectFrom('gc_state').select(['blobs', 'bytes']).executeTakeFirstOrThrow();
  const { count } = await ofDamaged(db)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  const pass = positionOf(row);
  return {
    ...(pass && { pass }),
    ...(row.last_from !== null &&
      row.last_to !== null && {
        lastPass: {
          startedAt: row.last_from,
          endedAt: row.last_to,
          blobs: row.last_blobs,
          bytes: row.last_bytes,
        },
      }),
    requestedAt: row.requested_at,
    stored,
    damagedBlobs: count,
  };
}

/** As literals, or the planner cannot tell that the index of what is not live holds the answer. */
const ofDamaged = (db: Kysely<Schema>) =>
  db
    .selectFrom('blob')
    .where(sql<boolean>`state <> 'live'`)
    .where(sql<boolean>`state IN ('corrupt', 'missing')`);

export async function damagedBlobs(db: Kysely<Schema>, limit: number): Promise<readonly DamagedBlob[]> {
  const rows = await ofDamaged(db).select(['digest', 'size', 'state']).limit(limit).execute();
  const found: DamagedBlob[] = [];
  for (const { digest, size, state } of rows) {
    const named = await db
      .selectFrom('repository')
      .select(['project', 'location', 'name as repository'])
      .where('id', 'in', (query) =>
        query
          .selectFrom('file')
          .select('repository_id')
          .where('blob_digest', '=', digest)
          .union(query.selectFrom('deleted_file').select('repository_id').where('blob_digest', '=', digest)),
      )
      .limit(MOST_REPOSITORIES)
      .execute();
    found.push({
      digest,
      size,
      damage: state === 'missing' ? 'missing' : 'corrupt',
      repositories: named.map((address) => repositoryName(address)),
    });
  }
  return found;
}
