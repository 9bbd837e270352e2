import { sql } from 'kysely';

/** Values as a list that SQL can look through, however long: one statement and one parameter, whatever their number. */
export const listed = <T extends string | number>(values: readonly T[]) =>
  sql<T>`(SELECT value FROM json_each(${JSON.stringify(values)}))`;
