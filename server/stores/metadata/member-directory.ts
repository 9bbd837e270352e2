import type { Statement } from 'bun:sqlite';
import type { MemberDirectory } from '../../core/policies.ts';
import type { Transactions } from './transactions.ts';

type Asked<Parameters extends string[]> = Statement<unknown, Parameters>;

export class MemberTables implements MemberDirectory {
  readonly #account: Asked<[string, string]>;
  readonly #group: Asked<[string]>;
  readonly #pool: Asked<[string, string]>;

  constructor({ reading }: Pick<Transactions, 'reading'>) {
    this.#account = reading.prepare('SELECT 1 FROM account WHERE id = ? AND kind = ?');
    this.#group = reading.prepare('SELECT 1 FROM account_group WHERE id = ?');
    this.#pool = reading.prepare(
      `SELECT 1 FROM workload_pool JOIN project ON project.id = workload_pool.project
       WHERE project.number = CAST(? AS INTEGER) AND workload_pool.id = ?`,
    );
  }

  hasUser(name: string): boolean {
    return this.#account.get(name, 'user') !== null;
  }

  hasServiceAccount(email: string): boolean {
    return this.#account.get(email, 'service-account') !== null;
  }

  hasGroup(name: string): boolean {
    return this.#group.get(name) !== null;
  }

  hasPool(projectNumber: string, pool: string): boolean {
    return this.#pool.get(projectNumber, pool) !== null;
  }
}
