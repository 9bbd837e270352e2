import { type RawBuilder, sql } from 'kysely';

/** What a filter asks of a row. */
export interface Matching<Row> {
  /** True for the row that is spelt as the pattern is, where the pattern is a name: it is found without looking. */
  readonly exactly?: RawBuilder<boolean>;
  /** Bounds on the ordering column outside which nothing matches. */
  readonly range?: RawBuilder<boolean>;
  /** True for every row that matches, and for few others. */
  readonly where: RawBuilder<boolean>;
  /** The whole truth. */
  readonly holds: (row: Row) => boolean;
}

/** An id as it stands in a resource name. */
export const escapeId = (id: string): string => id.replaceAll('%', '%25').replaceAll('/', '%2F');

/** `escapeId` of a column. */
export const escapedColumn = (column: string): RawBuilder<string> =>
  sql<string>`replace(replace(${sql.ref(column)}, '%', '%25'), '/', '%2F')`;

interface NameColumn<Row> {
  /** What stands before the id in the resource name. */
  readonly below: string;
  readonly column: string;
  readonly id: (row: Row) => string;
}

/** Rows whose resource name is like `pattern`. */
export function nameMatching<Row>({ below, column, id }: NameColumn<Row>, pattern: string): Matching<Row> {
  const literals = lower(pattern).split('*');
  const rest = idPattern(below, pattern);
  const plain = sql<string>`lower(${sql.ref(column)})`;
  const whole = sql<string>`lower(${below} || ${escapedColumn(column)})`;
  return {
    ...(rest && { range: rangeOf(column, rest) }),
    ...(rest && !rest.includes('*') && { exactly: sql<boolean>`${sql.ref(column)} = ${rest}` }),
    where: rest ? likeAll(plain, lower(rest).split('*')) : likeAll(whole, literals),
    holds: (row) => matches(lower(`${below}${escapeId(id(row))}`), literals),
  };
}

interface NameExpression<Row> {
  readonly name: RawBuilder<string>;
  readonly text: (row: Row) => string;
}

/** Rows of which a name that is put together from several columns is like `pattern`. */
export function textMatching<Row>({ name, text }: NameExpression<Row>, pattern: string): Matching<Row> {
  const literals = lower(pattern).split('*');
  return {
    where: likeAll(sql<string>`lower(${name})`, literals),
    holds: (row) => matches(lower(text(row)), literals),
  };
}

/** Rows with an annotation whose value is like `pattern`. */
export function annotationMatching<Row extends { readonly annotations: string }>(
  column: string,
  key: string,
  pattern: string,
): Matching<Row> {
  const literals = lower(pattern).split('*');
  return {
    where: sql<boolean>`EXISTS (SELECT 1 FROM json_each(${sql.ref(column)}) AS annotation
      WHERE annotation.key = ${key} AND ${likeAll(sql<string>`lower(annotation.value)`, literals)})`,
    holds: (row) => {
      const annotations = new Map(Object.entries(JSON.parse(row.annotations) as Record<string, string>));
      const value = annotations.get(key);
      return value !== undefined && matches(lower(value), literals);
    },
  };
}

/**
 * Whether `text` is the literals in their order with anything between them. Linear: SQL's LIKE is not, and a
 * pattern comes from outside.
 */
export function matches(text: string, literals: readonly string[]): boolean {
  const [first = '', ...rest] = literals;
  if (!text.startsWith(first)) return false;
  const last = rest.pop();
  if (last === undefined) return text === first;
  let at = first.length;
  for (const literal of rest) {
    const found = text.indexOf(literal, at);
    if (found === -1) return false;
    at = found + literal.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** What `matches` needs, as far as SQL says it in linear time: ends anchored, every literal somewhere. */
function likeAll(text: RawBuilder<string>, literals: readonly string[]): RawBuilder<boolean> {
  const [first = '', ...rest] = literals;
  const last = rest.pop();
  if (last === undefined) return sql<boolean>`${text} = ${first}`;
  const parts = [
    ...(first === '' ? [] : [sql`substr(${text}, 1, ${length(first)}) = ${first}`]),
    ...rest.filter((literal) => literal !== '').map((literal) => sql`instr(${text}, ${literal}) > 0`),
    ...(last === '' ? [] : [sql`substr(${text}, ${-length(last)}) = ${last}`]),
  ];
  return parts.length === 0
    ? sql<boolean>`${text} IS NOT NULL`
    : sql<boolean>`${sql.join(parts, sql` AND `)}`;
}

/** What a pattern asks of the plain id, when it asks nothing of what stands before. */
function idPattern(below: string, pattern: string): string | undefined {
  if (!lower(pattern).startsWith(lower(below))) return undefined;
  const rest = pattern.slice(below.length);
  // An escape that is cut in two, or that a wildcard may begin inside, means something in the written name only.
  const isReadable = !/%(?!25|2f)|\*[25f]/i.test(rest);
  return isReadable && rest !== '' ? rest.replace(/%2f/gi, '/').replaceAll('%25', '%') : undefined;
}

/** All spellings of the pattern's literal start lie between its upper and its lower case one. */
function rangeOf(column: string, pattern: string): RawBuilder<boolean> {
  const [start = '', ...more] = pattern.split('*');
  const past = more.length === 0 ? lower(start) : `${lower(start)}\u{10ffff}`;
  return sql<boolean>`${sql.ref(column)} >= ${upper(start)} AND ${sql.ref(column)} <= ${past}`;
}

/** SQL's `lower` knows ASCII only, and both sides must agree. */
const lower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
const upper = (text: string): string => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
/** Code points, as SQL counts. */
const length = (text: string): number => Array.from(text).length;
