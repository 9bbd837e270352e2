import { type RawBuilder, sql } from 'kysely';
import { DONE, UNFINISHED } from '../../core/audit.ts';
import { type Comparison, type LogField, type LogFilter, SEVERITIES } from '../../core/audit-log.ts';
import { INSTALLATION } from '../../core/installation.ts';

type Condition = RawBuilder<unknown>;

const PARENT = sql`CASE project WHEN '' THEN ${sql.lit(INSTALLATION)} ELSE 'projects/' || project END`;

/** The words that entries are shown with, of the columns they are stored in. */
const COLUMNS: Readonly<Record<LogField, Condition>> = {
  timestamp: sql`at`,
  severity: sql`CASE code WHEN ${sql.lit(DONE.code)} THEN
    CASE log WHEN 'activity' THEN ${sql.lit(SEVERITIES.NOTICE)} ELSE ${sql.lit(SEVERITIES.INFO)} END
    WHEN ${sql.lit(UNFINISHED.code)} THEN ${sql.lit(SEVERITIES.WARNING)} ELSE ${sql.lit(SEVERITIES.ERROR)} END`,
  logName: sql`${PARENT} || '/logs/cloudaudit.googleapis.com%2F' || log`,
  insertId: sql`id`,
  'resource.labels.project_id': sql`project`,
  'resource.labels.service': sql`service`,
  'resource.labels.method': sql`method`,
  'protoPayload.serviceName': sql`service`,
  'protoPayload.methodName': sql`method`,
  'protoPayload.resourceName': sql`resource`,
  'protoPayload.authenticationInfo.principalEmail': sql`email`,
  'protoPayload.authenticationInfo.principalSubject': sql`subject`,
  'protoPayload.requestMetadata.callerIp': sql`peer`,
  'protoPayload.status.code': sql`code`,
};

const OPERATORS: Readonly<Record<Exclude<Comparison, ':'>, Condition>> = {
  '=': sql`=`,
  '!=': sql`<>`,
  '<': sql`<`,
  '<=': sql`<=`,
  '>': sql`>`,
  '>=': sql`>=`,
};

/** A question as SQL over the columns of audit_entry; every value of it is a parameter. */
export function filterSql(filter: LogFilter): Condition {
  switch (filter.kind) {
    case 'and':
      return joined(filter.parts, sql` AND `);
    case 'or':
      return joined(filter.parts, sql` OR `);
    case 'not':
      return sql`NOT (${filterSql(filter.part)})`;
    case 'present':
      return sql`(${COLUMNS[filter.field]}) <> ''`;
    case 'log':
      return sql`'cloudaudit.googleapis.com/' || log = ${filter.log}`;
    case 'compare':
      return filter.operator === ':' && typeof filter.value === 'string'
        ? sql`(${COLUMNS[filter.field]}) LIKE ${containing(filter.value)} ESCAPE '\\'`
        : sql`(${COLUMNS[filter.field]}) ${OPERATORS[filter.operator === ':' ? '=' : filter.operator]} ${filter.value}`;
    default:
      return filter satisfies never;
  }
}

const joined = (parts: readonly LogFilter[], by: Condition): Condition =>
  sql.join(
    parts.map((part) => sql`(${filterSql(part)})`),
    by,
  );

const containing = (text: string): string => `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
