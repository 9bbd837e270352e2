import type { Transaction } from 'kysely';
import type { Act, Outcome } from '../../core/audit.ts';
import { logEntry, projectOf } from './log-entry.ts';
import type { Schema } from './schema.ts';

const DONE: Outcome = { code: 0, message: '' };

/** One entry for an act that came to pass, however many transactions it took: the last one's stays. */
export const recordAct = (tx: Transaction<Schema>, act: Act): Promise<void> => recordEntry(tx, act, DONE);

export async function recordEntry(tx: Transaction<Schema>, act: Act, outcome: Outcome): Promise<void> {
  const entry = logEntry(act, outcome);
  const changed = { code: outcome.code, severity: entry.severity, entry: JSON.stringify(entry) };
  await tx
    .insertInto('audit_entry')
    .values({
      id: act.id,
      at: act.at,
      project: projectOf(act.resource),
      log: act.type === 'ADMIN_WRITE' || act.type === 'ADMIN_READ' ? 'activity' : 'data_access',
      service: act.service,
      method: act.method,
      resource: act.resource,
      principal: act.actor.member ?? '',
      ...changed,
    })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(changed))
    .execute();
}
