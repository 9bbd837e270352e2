/** An entry as Cloud Logging shows it (google/logging/v2/log_entry.proto, google/cloud/audit/audit_log.proto). */
export interface LogEntry extends Readonly<Record<string, unknown>> {
  /** `projects/P/logs/cloudaudit.googleapis.com%2Factivity`. */
  readonly logName: string;
  readonly insertId: string;
  readonly timestamp: string;
  readonly severity: 'NOTICE' | 'INFO' | 'WARNING' | 'ERROR';
}

export const LOGS = ['activity', 'data_access'] as const;
export type LogId = (typeof LOGS)[number];

/** How long entries are kept, in milliseconds: those of changes, and those of what changes nothing others find. */
export interface AuditRetention {
  readonly changes: number;
  readonly accesses: number;
}

/** google/logging/type/log_severity.proto */
export const SEVERITIES = {
  DEFAULT: 0,
  DEBUG: 100,
  INFO: 200,
  NOTICE: 300,
  WARNING: 400,
  ERROR: 500,
  CRITICAL: 600,
  ALERT: 700,
  EMERGENCY: 800,
} as const;

/** What entries can be chosen by, and whether it is compared as text, as a number or as an instant. */
export const LOG_FIELDS = {
  timestamp: 'instant',
  severity: 'severity',
  logName: 'text',
  insertId: 'text',
  'resource.labels.project_id': 'text',
  'resource.labels.service': 'text',
  'resource.labels.method': 'text',
  'protoPayload.serviceName': 'text',
  'protoPayload.methodName': 'text',
  'protoPayload.resourceName': 'text',
  'protoPayload.authenticationInfo.principalEmail': 'text',
  'protoPayload.authenticationInfo.principalSubject': 'text',
  'protoPayload.requestMetadata.callerIp': 'text',
  'protoPayload.status.code': 'number',
} as const;
export type LogField = keyof typeof LOG_FIELDS;

export const COMPARISONS = ['=', '!=', ':', '<', '<=', '>', '>='] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** A question about entries, as it is asked: what was written together stands together. */
export type LogFilter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly LogFilter[] }
  | { readonly kind: 'not'; readonly part: LogFilter }
  /** `field:*`. */
  | { readonly kind: 'present'; readonly field: LogField }
  | { readonly kind: 'log'; readonly log: string }
  | {
      readonly kind: 'compare';
      readonly field: LogField;
      readonly operator: Comparison;
      /** A number for instants (milliseconds since the epoch), severities and numbers. */
      readonly value: string | number;
    };

/** Entries that somebody may see. */
export interface LogScope {
  /** Nothing for the installation and all its projects. */
  readonly project?: string;
  readonly logs: readonly LogId[];
}

/** Where a page ended. */
export interface LogPosition {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly seq: number;
}

export interface LogQuery {
  readonly scopes: readonly LogScope[];
  readonly filter?: LogFilter;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly after?: LogPosition;
}

export interface LogPage {
  /** May be fewer than were asked for, or none, and not all the same: the search stops after a while. */
  readonly entries: readonly LogEntry[];
  /** Absent when everything was looked at. */
  readonly next?: LogPosition;
}

/** What was done here, to be read. */
export interface AuditLog {
  page(query: LogQuery): Promise<LogPage>;
  /** Just after an entry; where that is not there any more, just before its instant. */
  after(insertId: string, at: number): Promise<LogPosition>;
}
