import { sql, type Transaction } from 'kysely';
import { type Act, DONE, type Outcome, UNFINISHED } from '../../core/audit.ts';
import type { LogId } from '../../core/audit-log.ts';
import { INSTALLATION } from '../../core/installation.ts';
import { harmless, LONGEST, shortened, withoutSecrets } from './audit-values.ts';
import { prepared } from './prepared.ts';
import type { AuditEntryTable, Schema } from './schema.ts';

/** What an entry's `details` hold. */
export interface Details {
  readonly userAgent?: string;
  readonly token?: string;
  readonly key?: string;
  readonly permission?: string;
  readonly request?: unknown;
}

/** An act that came to pass with this transaction. */
export const recordAct = (tx: Transaction<Schema>, act: Act): Promise<void> => recordEntry(tx, act, DONE);

/** One entry for an act, however many transactions it took; a later outcome takes the place of an earlier one. */
export async function recordEntry(tx: Transaction<Schema>, act: Act, outcome: Outcome): Promise<void> {
  const { code, message, response } = outcome;
  const ended = {
    code,
    message: shortened(message, LONGEST.message),
    response: response ? JSON.stringify(withoutSecrets(response)) : null,
  };
  await insertEntry(tx, { ...rowOf(act), ...ended });
}

type NewRow = Omit<AuditEntryTable, 'seq' | 'code' | 'message' | 'response'>;
type Ended = Pick<AuditEntryTable, 'code' | 'message' | 'response'>;

const insertEntry = prepared((db, row: NewRow & Ended) =>
  db
    .insertInto('audit_entry')
    .values({
      id: row.id,
      at: row.at,
      project: row.project,
      log: row.log,
      lasting: row.lasting,
      service: row.service,
      method: row.method,
      resource: row.resource,
      email: row.email,
      subject: row.subject,
      peer: row.peer,
      details: row.details,
      code: row.code,
      message: row.message,
      response: row.response,
    })
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet({ code: row.code, message: row.message, response: row.response })
        .where((eb) =>
          eb.or([
            eb.and([
              eb('audit_entry.code', '=', UNFINISHED.code),
              eb(sql.ref('excluded.code'), '<>', UNFINISHED.code),
            ]),
            eb.and([
              eb('audit_entry.code', '=', DONE.code),
              eb(sql.ref('excluded.code'), 'not in', [DONE.code, UNFINISHED.code]),
            ]),
          ]),
        ),
    ),
);

function rowOf(act: Act): NewRow {
  const { id, at, actor, service, method, permission, request } = act;
  const { member = '', token, key, peer, userAgent } = actor;
  const details: Details = {
    ...(userAgent !== undefined && { userAgent: shortened(userAgent, LONGEST.userAgent) }),
    ...(token !== undefined && { token }),
    ...(key !== undefined && { key }),
    ...(permission !== undefined && { permission }),
    ...(request && { request: withoutSecrets(request) }),
  };
  return {
    id,
    at,
    project: act.project ?? projectOf(act.resource),
    log: logOf(act),
    lasting: act.lasting || act.type === 'ADMIN_WRITE' ? 1 : 0,
    service,
    method: harmless(method),
    resource: act.resource === '/' ? INSTALLATION : shortened(act.resource, LONGEST.resource),
    email: shortened(/^(?:user|serviceAccount):(.*)$/s.exec(member)?.[1] ?? '', LONGEST.name),
    subject: shortened(member, LONGEST.name),
    peer: shortened(peer, LONGEST.name),
    details: JSON.stringify(details),
  };
}

const logOf = ({ type }: Act): LogId =>
  type === 'ADMIN_WRITE' || type === 'ADMIN_READ' ? 'activity' : 'data_access';

/** The project that a resource is in; empty for the installation. */
const projectOf = (resource: string): string => /^projects\/([^/]+)/.exec(resource)?.[1] ?? '';
