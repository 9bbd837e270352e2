import { setImmediate } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';
import type { Act } from '../../core/audit.ts';
import { prepared } from './prepared.ts';
import type { Schema } from './schema.ts';
import type { Transactions } from './transactions.ts';

const signEvents = prepared(
  (db, signed: { readonly member: string | null; readonly at: number; readonly after: number }) =>
    db
      .updateTable('tag_event')
      .set({
        member: signed.member,
        at: sql<number>`CASE WHEN version IS NULL THEN ${signed.at} ELSE at END`,
      })
      .where('id', '>', signed.after),
);

/** Events that one transaction takes out: few enough that other writers hardly wait. */
const STEP = 1_000;

/** Says of the events after one who made them. A removal has no time of its own and gets that of the act. */
export async function signTagEvents(tx: Transaction<Schema>, after: number, act: Act): Promise<void> {
  await signEvents(tx, { member: act.actor.member ?? null, at: act.at, after });
}

/** Takes out the events from before an instant; answers how many those were. */
export async function pruneTagEvents(database: Transactions, before: number): Promise<number> {
  const old = sql<number>`(SELECT id FROM tag_event WHERE at < ${before} ORDER BY at LIMIT ${STEP})`;
  for (let pruned = 0; ; await setImmediate()) {
    const taken = await database.transaction(async (tx) => {
      const { numDeletedRows } = await tx.deleteFrom('tag_event').where('id', 'in', old).executeTakeFirst();
      return Number(numDeletedRows);
    });
    pruned += taken;
    if (taken < STEP) return pruned;
  }
}
