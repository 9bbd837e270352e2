import { sql, type Transaction } from 'kysely';
import type { GarbageBatch, PlausibleShare, ReviewedBlobs, ReviewedFiles } from '../../core/garbage.ts';
import { listed } from './listed.ts';
import type { Schema } from './schema.ts';
import type { GcQueueTable } from './schema-collection.ts';
import { unnamedBlob } from './unnamed-blob.ts';

const DAY_MS = 24 * 3_600_000;

type Tx = Transaction<Schema>;

/** What of a kind has been left alone for long enough, longest first. */
export async function due(
  tx: Tx,
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
export async function reviewFiles(tx: Tx, { now, graceMs, limit }: GarbageBatch): Promise<ReviewedFiles> {
  const keys = await due(tx, 'file', now - graceMs, limit);
  if (keys.length === 0) return { taken: 0, removed: 0 };
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
  return { taken: keys.length, removed: over.length };
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

export async function reviewVersions(tx: Tx, { now, graceMs, limit }: GarbageBatch): Promise<number> {
  const keys = await due(tx, 'version', now - graceMs, limit);
  await tx.deleteFrom('gc_queue').where('kind', '=', 'version').where('key', 'in', listed(keys)).execute();
  return keys.length;
}

/** What somebody names leaves the list; what nobody names is condemned, and on the list of what to sweep. */
export async function condemn(
  tx: Tx,
  { now, graceMs, sweepDelayMs, limit }: GarbageBatch,
  most: PlausibleShare | undefined,
): Promise<ReviewedBlobs> {
  const keys = await due(tx, 'blob', now - graceMs, limit);
  if (keys.length === 0) return { taken: 0, condemned: 0, bytes: 0, refused: false };
  const nobodys = await tx
    .selectFrom('blob')
    .select(['digest', 'size', 'state', 'created_at'])
    .where('digest', 'in', listed(keys))
    .where(unnamedBlob)
    .execute();
  const next = nobodys.filter(({ state }) => state !== 'condemned' && state !== 'deleting');
  const old = next.filter(({ created_at: at }) => at <= now - DAY_MS).length;
  const refused = old > 0 && !(await plausible(tx, { old, now, most }));

  const digests = nobodys.map(({ digest }) => digest);
  const waiting = refused ? new Set(digests) : new Set<string>();
  const settled = keys.filter((key) => !waiting.has(key));
  await tx.deleteFrom('gc_queue').where('kind', '=', 'blob').where('key', 'in', listed(settled)).execute();
  if (refused) return { taken: keys.length, condemned: 0, bytes: 0, refused };
  // What is damaged stays known as damaged, so that nobody is served it.
  await tx
    .updateTable('blob')
    .set(({ eb }) => ({
      state: sql`CASE state WHEN 'live' THEN 'condemned' ELSE state END`,
      revision: eb('revision', '+', 1),
    }))
    .where('digest', 'in', listed(next.map(({ digest }) => digest)))
    .execute();
  const dueAt = now + sweepDelayMs;
  await sql`INSERT INTO gc_queue (kind, key, due_at, reason)
    SELECT 'sweep', value, ${dueAt}, 'condemned' FROM json_each(${JSON.stringify(digests)}) WHERE true
    ON CONFLICT (kind, key) DO UPDATE SET due_at = max(due_at, excluded.due_at), attempts = 0`.execute(tx);
  return {
    taken: keys.length,
    condemned: next.length,
    bytes: next.reduce((sum, { size }) => sum + size, 0),
    refused,
  };
}

/** Counts blobs older than a day towards what may be condemned in one, and says whether that is still plausible. */
async function plausible(
  tx: Tx,
  {
    old,
    now,
    most,
  }: { readonly old: number; readonly now: number; readonly most: PlausibleShare | undefined },
): Promise<boolean> {
  const state = await tx.selectFrom('gc_state').selectAll().where('only', '=', 0).executeTakeFirstOrThrow();
  const fresh = now >= state.window_from + DAY_MS || now < state.window_from;
  const before = fresh ? state.freed_blobs : state.window_base;
  const taken = (fresh ? 0 : state.window_taken) + old;
  const total = state.blobs + state.freed_blobs - before;
  if (most && taken > Math.max(most.atLeast, most.share * total)) return false;
  await tx
    .updateTable('gc_state')
    .set({
      window_from: fresh ? now : state.window_from,
      window_base: before,
      // What was forced is not held against what comes by itself.
      window_taken: most ? taken : taken - old,
    })
    .where('only', '=', 0)
    .execute();
  return true;
}
