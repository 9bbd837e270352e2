import { CompiledQuery, type Transaction } from 'kysely';
import type { DirectDatabase } from './direct-kysely.ts';
import type { Schema } from './schema.ts';
import { translated } from './sqlite-errors.ts';

type Tx = Transaction<Schema>;

/** Somebody's transaction, waiting to be committed. */
export interface Work {
  /** Answers how to tell of its success, once that is on disk. */
  readonly run: (tx: Tx) => Promise<() => void>;
  readonly fail: (error: unknown) => void;
}

const SAVEPOINT = CompiledQuery.raw('SAVEPOINT work');
const ROLLBACK = CompiledQuery.raw('ROLLBACK TO work');
const RELEASE = CompiledQuery.raw('RELEASE work');

/** Changes of several that share a commit. Beyond this the first of them would wait for long. */
export const MOST_TOGETHER = 32;

/**
 * Runs changes one after another in a transaction that is to be committed once for all. One that fails is undone alone and
 * told of at once; a failure of the database itself undoes them all, and is thrown.
 */
export async function together(
  tx: Tx,
  works: readonly Work[],
  database: Pick<DirectDatabase, 'part' | 'isInTransaction'>,
): Promise<readonly (() => void)[]> {
  const done: (() => void)[] = [];
  for (const work of works) {
    await tx.executeQuery(SAVEPOINT);
    try {
      done.push(await database.part((part) => work.run(part)));
    } catch (thrown) {
      const { fatal, known } = translated(thrown);
      if (fatal || !database.isInTransaction) throw thrown;
      await tx.executeQuery(ROLLBACK);
      work.fail(known ?? thrown);
    }
    await tx.executeQuery(RELEASE);
  }
  return done;
}
