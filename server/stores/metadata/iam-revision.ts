import type { Statement } from 'bun:sqlite';
import type { Transactions } from './transactions.ts';

/**
 * Moves on with every change of accounts, groups, keys, tokens, roles and policies (triggers see to it), and with
 * nothing else, so that what was decided may be remembered until it does. Costs a comparison while nothing at all was
 * committed, and one small query after something was.
 */
export class IamRevision {
  readonly #database: Transactions;
  readonly #read: Statement<{ readonly value: number }, []>;
  #changes = -1;
  #value = 0;

  constructor(database: Transactions) {
    this.#database = database;
    this.#read = database.reading.prepare('SELECT value FROM iam_revision WHERE only = 0');
  }

  current(): number {
    const changes = this.#database.changes();
    if (changes !== this.#changes) {
      this.#value = this.#read.get()?.value ?? 0;
      this.#changes = changes;
    }
    return this.#value;
  }
}
