import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import type { AuditRetention } from '../../core/audit-log.ts';
import type { Transactions } from './transactions.ts';

/** Entries that one transaction takes out: few enough that other writers hardly wait. */
const STEP = 1_000;

/** Takes out the entries that are older than they are kept; answers how many those were. */
export async function pruneEntries(
  database: Transactions,
  keep: AuditRetention,
  now: number,
): Promise<number> {
  let pruned = 0;
  for (const [lasting, kept] of [
    [1, keep.changes],
    [0, keep.accesses],
  ] as const) {
    const before = now - kept;
    for (let taken = STEP; taken >= STEP; pruned += taken) {
      taken = await pruneSome(database, lasting, before);
      await setImmediate();
    }
  }
  return pruned;
}

const pruneSome = (database: Transactions, lasting: number, before: number): Promise<number> =>
  database.transaction(async (tx) => {
    // The trigger that keeps entries reads this, and so lets go of these and of no others.
    await tx
      .insertInto('audit_retention')
      .values({ lasting, before })
      .onConflict((conflict) => conflict.column('lasting').doUpdateSet({ before }))
      .execute();
    const old = sql<number>`(SELECT seq FROM audit_entry WHERE lasting = ${lasting} AND at < ${before}
      ORDER BY at LIMIT ${STEP})`;
    const { numDeletedRows } = await tx.deleteFrom('audit_entry').where('seq', 'in', old).executeTakeFirst();
    return Number(numDeletedRows);
  });
