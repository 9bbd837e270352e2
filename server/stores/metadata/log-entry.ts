import { DONE, UNFINISHED } from '../../core/audit.ts';
import type { LogEntry } from '../../core/audit-log.ts';
import { INSTALLATION } from '../../core/installation.ts';
import type { Details } from './audit-entries.ts';
import type { AuditEntryTable } from './schema.ts';

export type EntryRow = Omit<AuditEntryTable, 'seq'> & { readonly seq: number };

/** An entry as Cloud Logging shows it. */
export function logEntry(row: EntryRow): LogEntry {
  const { project, log, service, method, code } = row;
  const { permission, request, userAgent } = JSON.parse(row.details) as Details;
  const timestamp = new Date(row.at).toISOString();
  const parent = project === '' ? INSTALLATION : `projects/${project}`;
  return {
    logName: `${parent}/logs/cloudaudit.googleapis.com%2F${log}`,
    insertId: row.id,
    timestamp,
    severity: severityOf(row),
    resource: {
      type: 'audited_resource',
      labels: { service, method, ...(project !== '' && { project_id: project }) },
    },
    protoPayload: {
      '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
      serviceName: service,
      methodName: method,
      resourceName: row.resource,
      authenticationInfo: authenticationInfo(row),
      ...(permission !== undefined && {
        authorizationInfo: [{ resource: row.resource, permission, granted: code !== 7 && code !== 16 }],
      }),
      requestMetadata: {
        callerIp: row.peer,
        ...(userAgent !== undefined && { callerSuppliedUserAgent: userAgent }),
        requestAttributes: { time: timestamp },
      },
      ...(request !== undefined && { request }),
      ...(row.response !== null && { response: JSON.parse(row.response) as unknown }),
      status: code === DONE.code ? {} : { code, message: row.message },
    },
  };
}

function severityOf({ code, log }: EntryRow): LogEntry['severity'] {
  if (code === UNFINISHED.code) return 'WARNING';
  if (code !== DONE.code) return 'ERROR';
  return log === 'activity' ? 'NOTICE' : 'INFO';
}

function authenticationInfo({ email, subject, details }: EntryRow): Readonly<Record<string, string>> {
  if (subject === '') return {};
  const { token, key } = JSON.parse(details) as Details;
  return {
    ...(email !== '' && { principalEmail: email }),
    principalSubject: subject,
    ...(token !== undefined && { tokenId: token }),
    ...(key !== undefined && { serviceAccountKeyName: key }),
  };
}
