import * as z from 'zod/mini';
import { type Answer, int32, maybe, message, struct, text, textMap, timestamp } from '../proto-json.ts';

/** google/logging/v2/log_entry.proto, as far as the audit log fills it; the payload is a google.cloud.audit.AuditLog. */
export const logEntry = message({
  logName: maybe(text()),
  insertId: maybe(text()),
  timestamp: maybe(timestamp()),
  severity: maybe(text()),
  resource: maybe(message({ type: maybe(text()), labels: maybe(textMap()) })),
  protoPayload: maybe(struct()),
});
/** As the server answers it: always whole. */
export type LogEntry = Required<Answer<typeof logEntry>>;

/** google/logging/v2/logging.proto */
export const listLogEntriesRequest = message({
  /** `projects/P`, or `organizations/entrepot` for everything. */
  resourceNames: maybe(z.array(text())),
  filter: maybe(text()),
  /** `timestamp asc`, which is usual, or `timestamp desc`. */
  orderBy: maybe(text()),
  pageSize: maybe(int32()),
  pageToken: maybe(text()),
});

export const exportLogQuery = message({
  filter: maybe(text()),
  /** Timestamp and `insertId` of the last entry that arrived. */
  afterTime: maybe(timestamp()),
  afterId: maybe(text()),
});
