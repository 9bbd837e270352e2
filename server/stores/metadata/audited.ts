import { type Act, DONE, type Outcome, UNFINISHED } from '../../core/audit.ts';
import { recordEntry } from './audit-entries.ts';
import { onlyRow, prepared } from './prepared.ts';
import { signTagEvents } from './tag-events.ts';
import { signDeletions } from './trash.ts';
import type { Recorded, Transactions } from './transactions.ts';

/** The newest event and the newest deletion there are; those of the transaction that asks come after them. */
const newest = prepared((db) =>
  db.selectNoFrom((eb) => [
    eb
      .selectFrom('tag_event')
      .select(({ fn }) => fn.max<number | null>('id').as('id'))
      .as('event'),
    eb
      .selectFrom('deleted_version')
      .select(({ fn }) => fn.max<number | null>('id').as('id'))
      .as('deletion'),
  ]),
);

/**
 * The same tables, for an act: whatever is changed through this is in the audit log by the same transaction, so no
 * code that changes things can forget to say so. What happened to tags, and what was deleted, is signed with who did it.
 */
export const audited = (database: Transactions, act: Act | undefined): Transactions =>
  act === undefined
    ? database
    : {
        reading: database.reading,
        read: database.read,
        transaction: (work, recorded) =>
          database.transaction(async (tx) => {
            const { event, deletion } = onlyRow((await newest(tx, {})).rows);
            const result = await work(tx);
            await signTagEvents(tx, event ?? 0, act);
            await signDeletions(tx, deletion ?? 0, act);
            await recordEntry(tx, act, outcomeOf(act, recorded?.(result) ?? {}));
            return result;
          }),
        soon: (before) => database.soon(before),
        changes: () => database.changes(),
        get broken() {
          return database.broken;
        },
      };

function outcomeOf(act: Act, { part, response }: Recorded): Outcome {
  if (part === 'step' || (part === 'naming' && act.publishes)) return UNFINISHED;
  return response ? { ...DONE, response } : DONE;
}
