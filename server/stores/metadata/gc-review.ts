import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type {
  GarbageBatch,
  GarbageDue,
  PlausibleShare,
  ReviewedBlobs,
  ReviewedFiles,
} from '../../core/garbage.ts';
import { lotsInTime } from './gc-lots.ts';
import { listed } from './listed.ts';
import type { BlobTable, Schema } from './schema.ts';
import type { GcQueueTable } from './schema-collection.ts';
import { unnamedBlob } from './unnamed-blob.ts';

const DAY_MS = 24 * 3_600_000;

type Tx = Transaction<Schema>;

/** What of a kind has been left alone for long enough, longest first. */
export async function due(
  tx: Kysely<Schema>,
  kind: GcQueueTable['kind'],
  before: number,
  limit: number,
): Promise<readonly string[]> {
  const rows = await tx
    .selectFrom('gc_queue')
    .select('key')
    .where('kind', '=', kind)
    .where('due_at', '<=', before)
    .orderBy('due_at')
    .limit(limit)
    .execute();
  return rows.map(({ key }) => key);
}

const asIds = (keys: readonly string[]) =>
  sql<number>`(SELECT CAST(value AS INTEGER) FROM json_each(${JSON.stringify(keys)}))`;

/** Loose files whose lease is over go, those that are leased wait for that, and the rest somebody needs. */
export async function reviewFiles(tx: Tx, batch: GarbageBatch): Promise<ReviewedFiles> {
  let [taken, removed] = [0, 0];
  const keys = await due(tx, 'file', batch.now - batch.graceMs, batch.limit);
  for (const lot of lotsInTime(keys, batch)) {
    removed += await reviewLot(tx, lot, batch);
    taken += lot.length;
  }
  return { taken, removed };
}

/** Answers how many are removed. */
async function reviewLot(tx: Tx, keys: readonly string[], { now, graceMs }: GarbageDue): Promise<number> {
  const loose = tx
    .selectFrom('file')
    .select(['file.id', 'file.package_id', 'file.lease_until'])
    .where('file.id', 'in', asIds(keys))
    .where('file.version_id', 'is', null)
    .where('file.lease_until', 'is not', null)
    .where(sql<boolean>`NOT EXISTS (SELECT 1 FROM version_use WHERE version_use.file_id = file.id)`);
  const rows = await loose.execute();
  const over = rows.filter(({ lease_until: until }) => (until ?? 0) <= now - graceMs);
  const leased = rows.filter(({ lease_until: until }) => (until ?? 0) > now - graceMs);

  for (const { id, lease_until: until } of leased)
    await tx
      .updateTable('gc_queue')
      .set({ due_at: until ?? now })
      .where('kind', '=', 'file')
      .where('key', '=', String(id))
      .execute();
  const kept = new Set(leased.map(({ id }) => String(id)));
  const settled = keys.filter((key) => !kept.has(key));
  await tx.deleteFrom('gc_queue').where('kind', '=', 'file').where('key', 'in', listed(settled)).execute();
  await tx
    .deleteFrom('file')
    .where('id', 'in', listed(over.map(({ id }) => id)))
    .execute();
  await dropEmpty(tx, [...new Set(over.flatMap(({ package_id: id }) => (id === null ? [] : [id])))]);
  return over.length;
}

/** Packages that were never published and have nothing left. */
async function dropEmpty(tx: Tx, packages: readonly number[]): Promise<void> {
  await tx
    .deleteFrom('package')
    .where('id', 'in', listed(packages))
    .where('published_at', 'is', null)
    .where(sql<boolean>`NOT EXISTS (SELECT 1 FROM file WHERE file.package_id = package.id)`)
    .where(sql<boolean>`NOT EXISTS (SELECT 1 FROM version WHERE version.package_id = package.id)`)
    .execute();
}

/** What somebody names leaves the list; what nobody names is condemned, and on the list of what to sweep. */
export async function condemn(
  tx: Tx,
  batch: GarbageBatch,
  most: PlausibleShare | undefined,
): Promise<ReviewedBlobs> {
  const { now, graceMs, sweepDelayMs, limit } = batch;
  const keys = await due(tx, 'blob', now - graceMs, limit);
  const rows = await tx
    .selectFrom('blob')
    .select(['digest', 'size', 'state', 'created_at'])
    .where('digest', 'in', listed(keys))
    .where(unnamedBlob)
    .execute();
  const nobodys = new Map(rows.map((row) => [row.digest, row]));
  const isOld = ({ state, created_at: at }: Unnamed) => isNext({ state }) && at <= now - DAY_MS;
  const day = await dayOf(tx, now);
  if (!isPlausible(day, rows.filter(isOld).length, most)) {
    await settle(
      tx,
      keys.filter((key) => !nobodys.has(key)),
    );
    return { taken: keys.length, condemned: 0, bytes: 0, refused: true };
  }
  let [taken, old, condemned, bytes] = [0, 0, 0, 0];
  for (const lot of lotsInTime(keys, batch)) {
    const unnamed = lot.flatMap((key) => nobodys.get(key) ?? []);
    await settle(tx, lot);
    await condemnAll(tx, unnamed, now + sweepDelayMs);
    const next = unnamed.filter(isNext);
    taken += lot.length;
    old += next.filter(isOld).length;
    condemned += next.length;
    bytes += next.reduce((sum, { size }) => sum + size, 0);
  }
  // What was forced is not held against what comes by itself.
  if (old > 0) await countDay(tx, day, most ? old : 0);
  return { taken, condemned, bytes, refused: false };
}

type Unnamed = Pick<Selectable<BlobTable>, 'digest' | 'size' | 'state' | 'created_at'>;

/** Whether it is for this review to condemn it. */
const isNext = ({ state }: Pick<Unnamed, 'state'>) => state !== 'condemned' && state !== 'deleting';

const settle = (tx: Tx, keys: readonly string[]) =>
  tx.deleteFrom('gc_queue').where('kind', '=', 'blob').where('key', 'in', listed(keys)).execute();

async function condemnAll(tx: Tx, unnamed: readonly Unnamed[], dueAt: number): Promise<void> {
  // What is damaged stays known as damaged, so that nobody is served it.
  await tx
    .updateTable('blob')
    .set(({ eb }) => ({
      state: sql`CASE state WHEN 'live' THEN 'condemned' ELSE state END`,
      revision: eb('revision', '+', 1),
    }))
    .where('digest', 'in', listed(unnamed.filter(isNext).map(({ digest }) => digest)))
    .execute();
  const digests = JSON.stringify(unnamed.map(({ digest }) => digest));
  await sql`INSERT INTO gc_queue (kind, key, due_at, reason)
    SELECT 'sweep', value, ${dueAt}, 'condemned' FROM json_each(${digests}) WHERE true
    ON CONFLICT (kind, key) DO UPDATE SET due_at = max(due_at, excluded.due_at), attempts = 0`.execute(tx);
}

/** The day in which what is condemned is counted, and how many blobs there are that it is a share of. */
interface Day {
  readonly from: number;
  readonly base: number;
  readonly taken: number;
  readonly total: number;
}

async function dayOf(tx: Tx, now: number): Promise<Day> {
  const state = await tx.selectFrom('gc_state').selectAll().where('only', '=', 0).executeTakeFirstOrThrow();
  const fresh = now >= state.window_from + DAY_MS || now < state.window_from;
  const base = fresh ? state.freed_blobs : state.window_base;
  return {
    from: fresh ? now : state.window_from,
    base,
    taken: fresh ? 0 : state.window_taken,
    total: state.blobs + state.freed_blobs - base,
  };
}

/** Whether so many blobs older than a day may be condemned with those that were today. */
const isPlausible = ({ taken, total }: Day, old: number, most: PlausibleShare | undefined): boolean =>
  old === 0 || !most || taken + old <= Math.max(most.atLeast, most.share * total);

const countDay = (tx: Tx, { from, base, taken }: Day, more: number) =>
  tx
    .updateTable('gc_state')
    .set({ window_from: from, window_base: base, window_taken: taken + more })
    .where('only', '=', 0)
    .execute();
