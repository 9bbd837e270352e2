import type { Database } from 'bun:sqlite';
import { sql, type Transaction } from 'kysely';
import type { Schema } from './schema.ts';
import { translated } from './sqlite-errors.ts';

type Tx = Transaction<Schema>;

/** Somebody's transaction, waiting to be committed. */
export interface Work {
  /** Answers how to tell of its success, once that is on disk. */
  readonly run: (tx: Tx) => Promise<() => void>;
  readonly fail: (error: unknown) => void;
}

/** Changes of several that share a commit. Beyond this the first of them would wait for long. */
export const MOST_TOGETHER = 32;

/**
 * Runs changes one after another in a transaction that is to be committed once for all. One that fails is undone alone and
 * told of at once; a failure of the database itself undoes them all, and is thrown.
 */
export async function together(
  tx: Tx,
  works: readonly Work[],
  database: Pick<Database, 'inTransaction'>,
): Promise<readonly (() => void)[]> {
  const done: (() => void)[] = [];
  for (const work of works) {
    await sql.raw('SAVEPOINT work').execute(tx);
    try {
      done.push(await work.run(tx));
    } catch (thrown) {
      const { fatal, known } = translated(thrown);
      if (fatal || !database.inTransaction) throw thrown;
      await sql.raw('ROLLBACK TO work').execute(tx);
      work.fail(known ?? thrown);
    }
    await sql.raw('RELEASE work').execute(tx);
  }
  return done;
}
