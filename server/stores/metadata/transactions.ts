import type { Database } from 'bun:sqlite';
import type { Kysely, Transaction } from 'kysely';
import type { RegistryError } from '../../core/error.ts';
import type { Schema } from './schema.ts';

/** What the audit log is told of a transaction that somebody's act is recorded with. */
export interface Recorded {
  /** `step`: others follow. `naming`: bytes got a name, which is all of an act that publishes nothing. */
  readonly part?: 'step' | 'naming';
  readonly response?: Readonly<Record<string, unknown>>;
}

/** The metadata of an installation, to whoever reads and changes it. */
export interface Transactions {
  /** Committed rows only. Statements may be prepared on it for the hot paths. */
  readonly reading: Database;
  readonly read: Kysely<Schema>;
  /** Runs `work` in one transaction and answers once it is on disk. */
  transaction<T>(
    work: (tx: Transaction<Schema>) => Promise<T>,
    recorded?: (result: T) => Recorded,
  ): Promise<T>;
  /** Says that somebody has something to write as soon as `before` is over, so that it may share a commit with what comes sooner. */
  soon<T>(before: Promise<T>): Promise<T>;
  /** Another value after every commit that was acknowledged, by whichever process. */
  changes(): number;
  /** Why writes are refused, while they are. */
  readonly broken: RegistryError | undefined;
}
