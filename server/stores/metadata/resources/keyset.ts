import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import type { Listed, ListQuery, Position } from '../../../core/resources.ts';
import type { Schema } from '../schema.ts';
import type { Matching } from './matching.ts';

/**
 * Rows one page of a filtered list looks at. A filter that matches little gives short pages, each as quick as a
 * full one, instead of one page that reads everything.
 */
const LOOKED_AT = 10_000;

export interface Keyset<Row> {
  /** Columns of an index, in its order; together they tell rows apart. */
  readonly columns: readonly string[];
  /** The row's values for them. */
  position(row: Row): Position;
}

type Wanted = Pick<ListQuery, 'limit' | 'after'> & { readonly descending: boolean };

/** The rows after a position, in the order of an index: one search, however deep into the list. */
export async function keysetPage<Tables extends keyof Schema, Row>(
  from: SelectQueryBuilder<Schema, Tables, Row>,
  keyset: Keyset<Row>,
  { limit, after, descending }: Wanted,
  matching?: Matching<Row>,
): Promise<Listed<Row>> {
  if (matching?.exactly && !after) {
    const rows = await from.where(matching.exactly).execute();
    if (rows.length > 0) return { rows };
  }
  const past = descending ? '<' : '>';
  let query = keyset.columns.reduce(
    (ordered, column) => ordered.orderBy(sql.ref(column), descending ? 'desc' : 'asc'),
    from,
  );
  if (after) query = query.where(compared(keyset.columns, past, after));
  if (matching?.range) query = query.where(matching.range);

  const stop = matching && (await farthest(query, keyset.columns));
  if (stop) query = query.where(compared(keyset.columns, descending ? '>=' : '<=', stop));
  if (matching) query = query.where(matching.where);

  const rows = await query.limit(limit + 1).execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last ? keyset.position(last) : stop;
  const holding = matching ? page.filter(matching.holds) : page;
  return next ? { rows: holding, next } : { rows: holding };
}

/** Where to stop looking, if rows are left there. */
async function farthest<Tables extends keyof Schema, Row>(
  query: SelectQueryBuilder<Schema, Tables, Row>,
  columns: readonly string[],
): Promise<Position | undefined> {
  const keys = columns.map((column) => sql<string | number>`${sql.ref(column)}`.as(column));
  const row = await query
    .clearSelect()
    .select(keys)
    .limit(1)
    .offset(LOOKED_AT - 1)
    .executeTakeFirst();
  return row && Object.values(row as Readonly<Record<string, string | number>>);
}

function compared(columns: readonly string[], operator: string, position: Position): RawBuilder<boolean> {
  const left = sql.join(columns.map((column) => sql.ref(column)));
  const right = sql.join(position.map((value) => sql.val(value)));
  return columns.length === 1
    ? sql<boolean>`${left} ${sql.raw(operator)} ${right}`
    : sql<boolean>`(${left}) ${sql.raw(operator)} (${right})`;
}
