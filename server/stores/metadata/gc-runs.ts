import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import { type Act, DONE } from '../../core/audit.ts';
import { type GarbageReport, type GarbageRun, NOTHING_DONE } from '../../core/garbage.ts';
import { recordEntry } from './audit-entries.ts';
import type { Schema } from './schema.ts';
import type { GcRunTable } from './schema-collection.ts';

/** A run that did not end in this time was broken off; another process does it again. */
const ABANDONED_MS = 3_600_000;
const REMEMBERED = 100;

type Tx = Transaction<Schema>;

export const runOf = (row: Selectable<GcRunTable>): GarbageRun => ({
  id: row.id,
  requestedAt: row.requested_at,
  ...(row.started_at !== null && { startedAt: row.started_at }),
  ...(row.ended_at !== null && { endedAt: row.ended_at }),
  forced: row.forced === 1,
  report: JSON.parse(row.report) as GarbageReport,
  ...(row.error !== null && { error: row.error }),
});

export async function requestRun(
  tx: Tx,
  { id, forced }: Pick<GarbageRun, 'id' | 'forced'>,
  now: number,
): Promise<GarbageRun> {
  const row = { id, requested_at: now, forced: Number(forced), report: JSON.stringify(NOTHING_DONE) };
  await tx.insertInto('gc_run').values(row).execute();
  return { id, requestedAt: now, forced, report: NOTHING_DONE };
}

/** Runs that are not over: waiting for a process, or left by one. */
export const openRuns = (db: Kysely<Schema>, now: number) =>
  db
    .selectFrom('gc_run')
    .select('id')
    .where('ended_at', 'is', null)
    .where((eb) => eb.or([eb('started_at', 'is', null), eb('started_at', '<', now - ABANDONED_MS)]))
    .orderBy('id')
    .limit(1);

export async function claimRun(tx: Tx, now: number): Promise<GarbageRun | undefined> {
  const open = await openRuns(tx, now).executeTakeFirst();
  if (!open) return undefined;
  const row = await tx
    .updateTable('gc_run')
    .set({ started_at: now })
    .where('id', '=', open.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return runOf(row);
}

export async function endRun(tx: Tx, run: GarbageRun, act: Act | undefined): Promise<void> {
  const ended = {
    started_at: run.startedAt ?? null,
    ended_at: run.endedAt ?? null,
    report: JSON.stringify(run.report),
    error: run.error ?? null,
  };
  await tx
    .insertInto('gc_run')
    .values({ id: run.id, requested_at: run.requestedAt, forced: Number(run.forced), ...ended })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(ended))
    .execute();
  await tx
    .deleteFrom('gc_run')
    .where(
      'requested_at',
      '<',
      sql<number>`(SELECT requested_at FROM gc_run ORDER BY requested_at DESC LIMIT 1 OFFSET ${REMEMBERED})`,
    )
    .execute();
  if (!act) return;
  const { versionsPurged, blobsFreed, freedBytes, purged, purgedBytes } = run.report;
  await recordEntry(tx, act, {
    ...DONE,
    response: {
      blobsFreed: String(blobsFreed),
      freedBytes: String(freedBytes),
      ...(versionsPurged > 0 && { versionsPurged: String(versionsPurged) }),
      ...(purged > 0 && { purged: String(purged), purgedBytes: String(purgedBytes) }),
    },
  });
}
