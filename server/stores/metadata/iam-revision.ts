import type { Statement } from 'bun:sqlite';
import type { IamRevisionTable } from './schema.ts';
import type { Transactions } from './transactions.ts';

type Revisions = Omit<IamRevisionTable, 'only'>;

/**
 * Moves on with every change of what decides who may do what (triggers see to it), and with nothing else, so that what
 * was decided may be remembered until it does. Costs a comparison while nothing at all was committed, and one small
 * query after something was.
 */
export class IamRevision {
  readonly #database: Transactions;
  readonly #read: Statement<Revisions, []>;
  #changes = -1;
  #revisions: Revisions = { credentials: 0, policies: 0 };

  constructor(database: Transactions) {
    this.#database = database;
    this.#read = database.reading.prepare('SELECT credentials, policies FROM iam_revision WHERE only = 0');
  }

  /** Of accounts, groups, keys, tokens and providers: whether a credential stands, and what its owner is called. */
  credentials(): number {
    return this.#current().credentials;
  }

  /** Of policies and roles: what those that are called so may do. */
  policies(): number {
    return this.#current().policies;
  }

  #current(): Revisions {
    const changes = this.#database.changes();
    if (changes !== this.#changes) {
      this.#revisions = this.#read.get() ?? this.#revisions;
      this.#changes = changes;
    }
    return this.#revisions;
  }
}
