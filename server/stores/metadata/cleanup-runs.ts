import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import {
  type CleanupCounts,
  type CleanupDecision,
  type CleanupReason,
  type CleanupRun,
  NOTHING_CLEANED,
} from '../../core/cleanup.ts';
import type { NewRun, RunBody, RunStep } from '../../core/cleanup-store.ts';
import { notFound, RegistryError } from '../../core/error.ts';
import type { Listed, ListQuery } from '../../core/resources.ts';
import { keysetPage } from './resources/keyset.ts';
import { recordOperation } from './resources/operations.ts';
import type { Schema } from './schema.ts';
import type { CleanupDecisionTable, CleanupRunTable } from './schema-collection.ts';

/** A run that said nothing for so long has ended with its process. It says something five times as often. */
const SILENT_MS = 10_000;
/** Runs of a repository that are kept. */
const MOST_RUNS = 20;
const MOST_TAGS = 100;

const STOPPED = { code: 10, message: 'the server stopped before the cleanup had ended' };

/** Nothing where the schedule finds that it need not, or must not, begin one. */
export async function beginRun(
  tx: Transaction<Schema>,
  { target, id, dryRun, trigger, lastBefore, operation }: NewRun,
  now: number,
): Promise<CleanupRun | undefined> {
  const { repositoryId } = target;
  await endSilentRun(tx, repositoryId, now);
  const known = await tx
    .selectFrom('cleanup_run')
    .select(['outcome', 'began_by', 'started_at'])
    .where('repository_id', '=', repositoryId)
    .execute();
  const isOn = known.some(({ outcome }) => outcome === 'RUNNING');
  if (lastBefore !== undefined) {
    const isDone = known.some((run) => run.began_by === 'SCHEDULE' && run.started_at > lastBefore);
    if (isOn || isDone) return undefined;
  }
  if (isOn)
    throw new RegistryError(
      'FAILED_PRECONDITION',
      'CLEANUP_RUNNING',
      'a cleanup of this repository is under way: wait until it has ended',
    );
  const row = {
    id,
    repository_id: repositoryId,
    began_by: trigger,
    dry_run: dryRun ? 1 : 0,
    outcome: 'RUNNING',
    message: null,
    counts: JSON.stringify(NOTHING_CLEANED),
    unlisted: 0,
    operation: operation?.id ?? null,
    started_at: now,
    touched_at: now,
    ended_at: null,
  } as const;
  await tx.insertInto('cleanup_run').values(row).execute();
  await forgetOldRuns(tx, repositoryId);
  const run = runOf(row);
  if (operation) {
    const draft = { id: operation.id, account: operation.account, body: operation.body };
    await recordOperation(tx, { at: target, draft, result: run, now });
  }
  return run;
}

/** NOT_FOUND once the run is over, or the repository gone and the run with it. */
export async function writeRun(
  tx: Transaction<Schema>,
  id: string,
  { counts, unlisted, decisions, ...end }: RunStep & Partial<Pick<CleanupRun, 'outcome' | 'message'>>,
  { now, body }: { readonly now: number; readonly body?: RunBody },
): Promise<void> {
  const row = await tx
    .updateTable('cleanup_run')
    .set({
      counts: JSON.stringify(counts),
      unlisted,
      touched_at: now,
      ...(end.outcome && { outcome: end.outcome, message: end.message ?? null, ended_at: now }),
    })
    .where('id', '=', id)
    .where('outcome', '=', 'RUNNING')
    .returningAll()
    .executeTakeFirst();
  if (!row) throw notFound('CLEANUP_RUN', { cleanupRun: id });
  if (decisions.length > 0) await list(tx, id, decisions);
  if (row.operation !== null && body)
    await tx
      .updateTable('operation')
      .set({ body: JSON.stringify(body(runOf(row))) })
      .where('id', '=', row.operation)
      .execute();
}

export async function renewRun(tx: Transaction<Schema>, id: string, now: number): Promise<void> {
  await tx
    .updateTable('cleanup_run')
    .set({ touched_at: now })
    .where('id', '=', id)
    .where('outcome', '=', 'RUNNING')
    .execute();
}

async function list(
  tx: Transaction<Schema>,
  run: string,
  decisions: readonly CleanupDecision[],
): Promise<void> {
  const { last } = await tx
    .selectFrom('cleanup_decision')
    .select(({ fn }) => fn.coalesce(fn.max('position'), sql<number>`0`).as('last'))
    .where('run_id', '=', run)
    .executeTakeFirstOrThrow();
  const rows = decisions.map((decision, index) => ({
    run_id: run,
    position: last + 1 + index,
    package: decision.package,
    version: decision.version,
    tags: JSON.stringify(decision.tags.slice(0, MOST_TAGS)),
    created_at: decision.createdAt,
    pulled_at: decision.pulledAt ?? null,
    size: decision.sizeBytes,
    action: decision.action,
    reason: decision.reason,
    policy: decision.policy ?? null,
    because: decision.because ?? null,
  }));
  await tx.insertInto('cleanup_decision').values(rows).execute();
}

async function endSilentRun(tx: Transaction<Schema>, repositoryId: number, now: number): Promise<void> {
  const silent = await tx
    .updateTable('cleanup_run')
    .set({ outcome: 'INTERRUPTED', ended_at: now })
    .where('repository_id', '=', repositoryId)
    .where('outcome', '=', 'RUNNING')
    // What was said later than now was said before the clock was put back.
    .where((row) =>
      row.or([row('touched_at', '<=', now - SILENT_MS), row('touched_at', '>=', now + SILENT_MS)]),
    )
    .returning('operation')
    .execute();
  for (const { operation } of silent)
    if (operation !== null)
      await tx
        .updateTable('operation')
        .set({
          body: sql`json_set(body, '$.done', json('true'), '$.error', json(${JSON.stringify(STOPPED)}))`,
        })
        .where('id', '=', operation)
        .execute();
}

async function forgetOldRuns(tx: Transaction<Schema>, repositoryId: number): Promise<void> {
  const old = tx
    .selectFrom('cleanup_run')
    .select('id')
    .where('repository_id', '=', repositoryId)
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1_000)
    .offset(MOST_RUNS);
  await tx.deleteFrom('cleanup_run').where('id', 'in', old).execute();
}

type Wanted = Pick<ListQuery, 'limit' | 'after'>;

export async function findRun(
  db: Kysely<Schema>,
  repositoryId: number,
  id: string,
): Promise<CleanupRun | undefined> {
  const row = await db
    .selectFrom('cleanup_run')
    .selectAll()
    .where('id', '=', id)
    .where('repository_id', '=', repositoryId)
    .executeTakeFirst();
  return row && runOf(row);
}

export async function listRuns(
  db: Kysely<Schema>,
  repositoryId: number,
  wanted: Wanted,
): Promise<Listed<CleanupRun>> {
  const page = await keysetPage(
    db.selectFrom('cleanup_run').selectAll().where('repository_id', '=', repositoryId),
    {
      columns: ['started_at', 'id'],
      position: (row: Selectable<CleanupRunTable>) => [row.started_at, row.id],
    },
    { ...wanted, descending: true },
  );
  return { ...page, rows: page.rows.map(runOf) };
}

export async function listDecisions(
  db: Kysely<Schema>,
  run: string,
  wanted: Wanted,
): Promise<Listed<CleanupDecision>> {
  const page = await keysetPage(
    db.selectFrom('cleanup_decision').selectAll().where('run_id', '=', run),
    { columns: ['position'], position: (row: Selectable<CleanupDecisionTable>) => [row.position] },
    { ...wanted, descending: false },
  );
  return { ...page, rows: page.rows.map(decisionOf) };
}

const runOf = (row: Selectable<CleanupRunTable>): CleanupRun => ({
  id: row.id,
  startedAt: row.started_at,
  ...(row.ended_at !== null && { endedAt: row.ended_at }),
  dryRun: row.dry_run === 1,
  trigger: row.began_by,
  counts: JSON.parse(row.counts) as CleanupCounts,
  outcome: row.outcome,
  ...(row.message !== null && { message: row.message }),
  unlisted: row.unlisted,
});

const decisionOf = (row: Selectable<CleanupDecisionTable>): CleanupDecision => ({
  package: row.package,
  version: row.version,
  tags: JSON.parse(row.tags) as string[],
  createdAt: row.created_at,
  ...(row.pulled_at !== null && { pulledAt: row.pulled_at }),
  sizeBytes: row.size,
  action: row.action,
  reason: row.reason as CleanupReason,
  ...(row.policy !== null && { policy: row.policy }),
  ...(row.because !== null && { because: row.because }),
});
