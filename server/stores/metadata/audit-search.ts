import { type Kysely, type RawBuilder, sql } from 'kysely';
import {
  type AuditLog,
  type LogField,
  type LogFilter,
  type LogPage,
  type LogPosition,
  LOGS,
  type LogQuery,
  type LogScope,
} from '../../core/audit-log.ts';
import { filterSql } from './audit-filter-sql.ts';
import { type EntryRow, logEntry } from './log-entry.ts';
import type { Schema } from './schema.ts';
import type { Transactions } from './transactions.ts';

/** Entries that one search looks at: what it finds among them, it answers, and says where to go on. */
const USUAL_LOOK = 20_000;

/** The audit log, searched along one index: the one that the question narrows down most. */
export class AuditTables implements AuditLog {
  readonly #read: Kysely<Schema>;
  readonly #look: number;

  constructor(database: Pick<Transactions, 'read'>, look = USUAL_LOOK) {
    this.#read = database.read;
    this.#look = look;
  }

  async page(query: LogQuery): Promise<LogPage> {
    const along = alongIndex(query);
    const order = sql.raw(query.order === 'asc' ? 'at ASC, seq ASC' : 'at DESC, seq DESC');
    const shown = [scopeSql(query.scopes), ...(query.filter ? [filterSql(query.filter)] : [])];
    const { rows } = await sql<EntryRow>`
      SELECT * FROM (SELECT * FROM audit_entry WHERE ${and(along)} ORDER BY ${order} LIMIT ${this.#look})
      WHERE ${and(shown)} LIMIT ${query.limit + 1}`.execute(this.#read);
    const entries = rows.slice(0, query.limit).map(logEntry);
    const last = rows[query.limit - 1];
    if (rows.length > query.limit && last) return { entries, next: { at: last.at, seq: last.seq } };
    const { rows: looked } = await sql<LogPosition>`
      SELECT at, seq FROM audit_entry WHERE ${and(along)} ORDER BY ${order}
      LIMIT 1 OFFSET ${this.#look - 1}`.execute(this.#read);
    return looked[0] ? { entries, next: looked[0] } : { entries };
  }

  /** How many entries there ever were, by the number of the last; numbers are not used twice. */
  async written(): Promise<number> {
    const row = await this.#read
      .selectFrom('audit_entry')
      .select(({ fn }) => fn.coalesce(fn.max('seq'), sql<number>`0`).as('most'))
      .executeTakeFirstOrThrow();
    return row.most;
  }

  async after(insertId: string, at: number): Promise<LogPosition> {
    const known = await this.#read
      .selectFrom('audit_entry')
      .select(['at', 'seq'])
      .where('id', '=', insertId)
      .executeTakeFirst();
    return known ?? { at, seq: 0 };
  }
}

type Condition = RawBuilder<unknown>;
const and = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0
    ? sql`1`
    : sql.join(
        conditions.map((each) => sql`(${each})`),
        sql` AND `,
      );

/** Equality with these leads to few entries, to fewest with the first. */
const LEADING: readonly (readonly [field: LogField, column: string])[] = [
  ['insertId', 'id'],
  ['protoPayload.resourceName', 'resource'],
  ['protoPayload.authenticationInfo.principalEmail', 'email'],
  ['protoPayload.methodName', 'method'],
  ['resource.labels.method', 'method'],
];

/** What an index in the order of the answer can tell of the question. */
function alongIndex({ filter, scopes, order, after }: LogQuery): readonly Condition[] {
  const demands = demandsOf(filter);
  const bounds = demands.flatMap((demand) =>
    demand.kind === 'compare' && demand.field === 'timestamp' && demand.operator !== '!='
      ? [filterSql(demand)]
      : [],
  );
  const seen = after
    ? [sql`(at, seq) ${sql.raw(order === 'asc' ? '>' : '<')} (${after.at}, ${after.seq})`]
    : [];
  return [...leading(demands, scopes), ...bounds, ...seen];
}

function leading(demands: readonly LogFilter[], scopes: readonly LogScope[]): readonly Condition[] {
  for (const [field, column] of LEADING) {
    const demand = demands.find(
      (each) => each.kind === 'compare' && each.field === field && each.operator === '=',
    );
    if (demand?.kind !== 'compare') continue;
    return [sql`${sql.ref(column)} = ${demand.value}`];
  }
  const [scope, ...others] = scopes;
  return scope?.project !== undefined && others.length === 0 ? [sql`project = ${scope.project}`] : [];
}

/** What must hold of every entry. */
const demandsOf = (filter: LogFilter | undefined): readonly LogFilter[] =>
  filter === undefined ? [] : filter.kind === 'and' ? filter.parts.flatMap(demandsOf) : [filter];

const scopeSql = (scopes: readonly LogScope[]): Condition =>
  scopes.length === 0
    ? sql`0`
    : sql.join(
        scopes.map(
          ({ project, logs }) =>
            sql`(${and([
              ...(project === undefined ? [] : [sql`project = ${project}`]),
              ...(logs.length === LOGS.length ? [] : [sql`log IN (${sql.join(logs)})`]),
            ])})`,
        ),
        sql` OR `,
      );
