import type { Act } from '../../core/audit.ts';
import { recordAct } from './audit-entries.ts';
import type { Transactions } from './transactions.ts';

/**
 * The same tables, for an act: whatever is changed through this is in the audit log by the same transaction, so no
 * code that changes things can forget to say so.
 */
export const audited = (database: Transactions, act: Act | undefined): Transactions =>
  act === undefined
    ? database
    : {
        reading: database.reading,
        read: database.read,
        transaction: (work) =>
          database.transaction(async (tx) => {
            const result = await work(tx);
            await recordAct(tx, act);
            return result;
          }),
        changes: () => database.changes(),
        get broken() {
          return database.broken;
        },
      };
