import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import { LOGS, type LogId } from '../../core/audit-log.ts';
import type { Transactions } from './transactions.ts';

/** Entries that one transaction takes out: few enough that other writers hardly wait. */
const STEP = 1_000;

/** How long entries are kept, in milliseconds. */
export type Retention = Readonly<Record<LogId, number>>;

/** Takes out the entries that are older than their log keeps them; answers how many those were. */
export async function pruneEntries(database: Transactions, keep: Retention, now: number): Promise<number> {
  let pruned = 0;
  for (const log of LOGS) {
    const before = now - keep[log];
    for (let taken = STEP; taken >= STEP; pruned += taken) {
      taken = await pruneSome(database, log, before);
      await setImmediate();
    }
  }
  return pruned;
}

const pruneSome = (database: Transactions, log: LogId, before: number): Promise<number> =>
  database.transaction(async (tx) => {
    // The trigger that keeps entries reads this, and so lets go of these and of no others.
    await tx
      .insertInto('audit_retention')
      .values({ log, before })
      .onConflict((conflict) => conflict.column('log').doUpdateSet({ before }))
      .execute();
    const old = sql<number>`(SELECT seq FROM audit_entry WHERE log = ${log} AND at < ${before}
      ORDER BY at LIMIT ${STEP})`;
    const { numDeletedRows } = await tx.deleteFrom('audit_entry').where('seq', 'in', old).executeTakeFirst();
    return Number(numDeletedRows);
  });
