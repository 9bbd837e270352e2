import {
  type Compilable,
  type CompiledQuery,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
} from 'kysely';
import { QueryCompiler } from './query-compiler.ts';
import type { Schema } from './schema.ts';

/** Whatever runs queries: a database, or a transaction on it. */
type Runner = Pick<Kysely<Schema>, 'getExecutor'>;

/** Stands for a value while a query is built. */
class Parameter {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Builds queries and runs none. */
const builder = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new QueryCompiler(),
  },
});

/**
 * A query for the hot paths, built and compiled when it first runs: later only its values are bound, which takes a tenth of the
 * time. `build` must not look at the values, nor give them to what treats some differently, such as `in` or `is`.
 */
export function prepared<V extends object, R>(
  build: (db: Kysely<Schema>, value: V) => Compilable<R>,
): (on: Runner, values: V) => Promise<{ readonly rows: readonly R[]; readonly changes: bigint }> {
  let known:
    | { readonly query: CompiledQuery<R>; readonly bind: (values: V) => readonly unknown[] }
    | undefined;
  return async (on, values) => {
    known ??= compiled(build);
    const { sql, query, queryId } = known.query;
    const parameters = known.bind(values);
    const done = on.getExecutor().executeQuery<R>({ sql, query, queryId, parameters });
    const { rows, numAffectedRows = 0n } = await done;
    return { rows, changes: numAffectedRows };
  };
}

/** Of a query that cannot but have one. */
export function onlyRow<R>([row]: readonly R[]): R {
  if (row === undefined) throw new TypeError('a query that has a row has none');
  return row;
}

function compiled<V extends object, R>(build: (db: Kysely<Schema>, value: V) => Compilable<R>) {
  const parameters = new Proxy({}, { get: (_, name) => new Parameter(String(name)) });
  const query = build(builder, parameters as V).compile();
  const bind = (values: V): readonly unknown[] =>
    query.parameters.map((each) => (each instanceof Parameter ? values[each.name as keyof V] : each));
  return { query, bind };
}
