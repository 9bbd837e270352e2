import { setImmediate } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';
import type { Act } from '../../core/audit.ts';
import { listed } from './listed.ts';
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

/**
 * Takes out the events from before an instant; answers how many those were. They are in the order of time but for a clock that
 * was put back, so it goes on for as long as a step finds any: what is old behind many that are not is taken out with those.
 */
export async function pruneTagEvents(database: Transactions, before: number): Promise<number> {
  let pruned = 0;
  for (let last = 0; ; await setImmediate()) {
    const { found, taken, end } = await database.transaction((tx) => pruneSome(tx, last, before));
    pruned += taken;
    if (found < STEP || taken === 0) return pruned;
    last = end;
  }
}

/** Of the events after one, how many were looked at and taken out, and which was the last. */
async function pruneSome(tx: Transaction<Schema>, after: number, before: number) {
  const first = await tx
    .selectFrom('tag_event')
    .select(['id', 'at'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(STEP)
    .execute();
  const old = first.filter(({ at }) => at < before).map(({ id }) => id);
  if (old.length > 0) await tx.deleteFrom('tag_event').where('id', 'in', listed(old)).execute();
  return { found: first.length, taken: old.length, end: first.at(-1)?.id ?? after };
}
