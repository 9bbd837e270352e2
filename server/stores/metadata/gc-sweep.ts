import { type Kysely, sql, type Transaction } from 'kysely';
import { type Act, UNFINISHED } from '../../core/audit.ts';
import type { BlobInfo, Digest } from '../../core/blob.ts';
import type { Doomed, Forgotten, Freed, GarbageBatch } from '../../core/garbage.ts';
import { recordEntry } from './audit-entries.ts';
import { lotsInTime } from './gc-lots.ts';
import { due } from './gc-review.ts';
import { listed } from './listed.ts';
import type { Schema } from './schema.ts';
import { unnamedBlob } from './unnamed-blob.ts';

/** Blobs that were freed and are remembered. */
const REMEMBERED = 10_000;

type Tx = Transaction<Schema>;

/**
 * Marks what was condemned and is still nobody's. The lease keeps other processes from it; whoever takes it after that
 * goes on where this one stopped.
 */
export async function markDeleting(tx: Tx, batch: GarbageBatch, leaseMs: number): Promise<readonly Doomed[]> {
  const doomed: Doomed[] = [];
  const until = batch.now + leaseMs;
  const keys = await due(tx, 'sweep', batch.now, batch.limit);
  for (const lot of lotsInTime(keys, batch)) doomed.push(...(await markLot(tx, lot, until)));
  return doomed;
}

async function markLot(tx: Tx, keys: readonly string[], until: number): Promise<readonly Doomed[]> {
  const rows = await tx
    .updateTable('blob')
    .set(({ eb }) => ({ state: 'deleting', revision: eb('revision', '+', 1) }))
    .where('digest', 'in', listed(keys))
    .where('state', '<>', 'live')
    .where(unnamedBlob)
    .returning(['digest', 'size', 'generation'])
    .execute();
  const doomed = new Set(rows.map(({ digest }) => digest));
  const revived = keys.filter((key) => !doomed.has(key));
  await tx.deleteFrom('gc_queue').where('kind', '=', 'sweep').where('key', 'in', listed(revived)).execute();
  const tried = await tx
    .updateTable('gc_queue')
    .set(({ eb }) => ({ due_at: until, reason: 'deleting', attempts: eb('attempts', '+', 1) }))
    .where('kind', '=', 'sweep')
    .where('key', 'in', listed([...doomed]))
    .returning(['key', 'attempts'])
    .execute();
  const attempts = new Map(tried.map((row) => [row.key, row.attempts]));
  return rows.map(({ digest, size, generation }) => ({
    digest: digest as Digest,
    size,
    generation,
    attempts: attempts.get(digest) ?? 1,
  }));
}

export async function free(
  tx: Tx,
  gone: readonly Doomed[],
  batch: GarbageBatch,
  act: Act,
): Promise<Forgotten> {
  let [taken, blobs, bytes] = [0, 0, 0];
  for (const lot of lotsInTime(gone, batch)) {
    const freed = await freeLot(tx, lot, { now: batch.now, run: act.id });
    taken += lot.length;
    blobs += freed.blobs;
    bytes += freed.bytes;
  }
  if (blobs > 0) await recordEntry(tx, act, UNFINISHED);
  return { taken, blobs, bytes };
}

/** A row that has another generation by now was pushed meanwhile and is left alone. */
async function freeLot(
  tx: Tx,
  gone: readonly Doomed[],
  { now, run }: { readonly now: number; readonly run: string },
): Promise<Freed> {
  const rows = await tx
    .deleteFrom('blob')
    .where('digest', 'in', listed(gone.map(({ digest }) => digest)))
    .where('generation', 'in', listed(gone.map(({ generation }) => generation)))
    .where('state', '=', 'deleting')
    .returning(['digest', 'size', 'generation'])
    .execute();
  const bytes = rows.reduce((sum, { size }) => sum + size, 0);
  if (rows.length === 0) return { blobs: 0, bytes };
  await tx
    .insertInto('freed_blob')
    .values(rows.map((row) => ({ ...row, freed_at: now, run })))
    .execute();
  await tx
    .deleteFrom('freed_blob')
    .where('seq', '<=', sql<number>`(SELECT max(seq) FROM freed_blob) - ${REMEMBERED}`)
    .execute();
  await tx
    .updateTable('gc_state')
    .set(({ eb }) => ({
      freed_blobs: eb('freed_blobs', '+', rows.length),
      freed_bytes: eb('freed_bytes', '+', bytes),
    }))
    .where('only', '=', 0)
    .execute();
  return { blobs: rows.length, bytes };
}

export async function postpone(tx: Tx, { digest }: Doomed, until: number): Promise<void> {
  await tx
    .updateTable('gc_queue')
    .set({ due_at: until })
    .where('kind', '=', 'sweep')
    .where('key', '=', digest)
    .execute();
}

export async function unknown(
  db: Kysely<Schema>,
  objects: readonly BlobInfo[],
): Promise<readonly BlobInfo[]> {
  const rows = await db
    .selectFrom('blob')
    .select(['digest', 'generation'])
    .where('digest', 'in', listed(objects.map(({ digest }) => digest)))
    .execute();
  const known = new Set(rows.map(({ digest, generation }) => `${digest}.${generation}`));
  return objects.filter(({ digest, generation }) => !known.has(`${digest}.${generation}`));
}
