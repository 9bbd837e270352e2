import type { Statement } from 'bun:sqlite';
import type { GrantFinder } from '../../core/grant-guard.ts';
import type { ResourceName } from '../../core/iam.ts';
import type { Transactions } from './transactions.ts';

type Found = Statement<{ readonly resource: ResourceName }, [string]>;

/** Looks through all policies, which is for changes of them and not for decisions. */
export class GrantTables implements GrantFinder {
  readonly #mentioning: Found;
  readonly #binding: Found;

  constructor({ reading }: Pick<Transactions, 'reading'>) {
    this.#mentioning = reading.prepare(
      `SELECT resource FROM iam_policy WHERE EXISTS (
         SELECT 1 FROM json_each(bindings) AS binding, json_each(binding.value, '$.members') AS member
         WHERE member.value IN (SELECT value FROM json_each(?)) OR member.value GLOB 'project[OEV]*:*')
       ORDER BY resource`,
    );
    this.#binding = reading.prepare(
      `SELECT resource FROM iam_policy WHERE EXISTS (
         SELECT 1 FROM json_each(bindings) AS binding WHERE binding.value ->> 'role' = ?)
       ORDER BY resource`,
    );
  }

  policiesMentioning(members: readonly string[]): readonly ResourceName[] {
    return this.#mentioning.all(JSON.stringify(members)).map(({ resource }) => resource);
  }

  policiesBinding(role: string): readonly ResourceName[] {
    return this.#binding.all(role).map(({ resource }) => resource);
  }
}
