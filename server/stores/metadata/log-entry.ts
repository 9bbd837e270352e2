import type { Act, Outcome } from '../../core/audit.ts';

/** The project that a resource is in; empty for the installation. */
export const projectOf = (resource: string): string => /^projects\/([^/]+)/.exec(resource)?.[1] ?? '';

export interface LogEntry extends Readonly<Record<string, unknown>> {
  readonly severity: 'NOTICE' | 'INFO' | 'ERROR';
}

/** An act and its end as Cloud Logging shows it (google/logging/v2/log_entry.proto, google/cloud/audit/audit_log.proto). */
export function logEntry(act: Act, { code, message }: Outcome): LogEntry {
  const { actor, type, service, method, resource } = act;
  const project = projectOf(resource);
  const log = type === 'ADMIN_WRITE' || type === 'ADMIN_READ' ? 'activity' : 'data_access';
  const timestamp = new Date(act.at).toISOString();
  const parent = project === '' ? 'organizations/entrepot' : `projects/${project}`;
  return {
    logName: `${parent}/logs/cloudaudit.googleapis.com%2F${log}`,
    insertId: act.id,
    timestamp,
    severity: code !== 0 ? 'ERROR' : log === 'activity' ? 'NOTICE' : 'INFO',
    resource: {
      type: 'audited_resource',
      labels: { service, method, ...(project !== '' && { project_id: project }) },
    },
    protoPayload: {
      '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
      serviceName: service,
      methodName: method,
      resourceName: resource,
      authenticationInfo: authenticationInfo(act),
      ...(act.permission !== undefined && {
        authorizationInfo: [{ resource, permission: act.permission, granted: code !== 7 && code !== 16 }],
      }),
      requestMetadata: {
        callerIp: actor.peer,
        ...(actor.userAgent !== undefined && { callerSuppliedUserAgent: actor.userAgent }),
        requestAttributes: { time: timestamp },
      },
      ...(act.request && { request: act.request }),
      status: code === 0 ? {} : { code, message },
    },
  };
}

function authenticationInfo({ actor: { member, token, key } }: Act): Readonly<Record<string, string>> {
  if (member === undefined) return {};
  const email = /^(?:user|serviceAccount):(.*)$/.exec(member)?.[1];
  return {
    ...(email !== undefined && { principalEmail: email }),
    principalSubject: member,
    ...(token !== undefined && { tokenId: token }),
    ...(key !== undefined && { serviceAccountKeyName: key }),
  };
}
