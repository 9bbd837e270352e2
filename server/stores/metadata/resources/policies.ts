import type { Kysely } from 'kysely';
import { notFound } from '../../../core/error.ts';
import type { ResourceName } from '../../../core/iam.ts';
import type { PolicyContent, PolicyResources } from '../../../core/policies.ts';
import type { Policy } from '../../../core/policy.ts';
import { requireOwnerStays } from '../last-owner.ts';
import { policyDelta } from '../policy-delta.ts';
import { changePolicy, readPolicy } from '../policy-tables.ts';
import type { Schema } from '../schema.ts';
import type { Transactions } from '../transactions.ts';
import { findRepository } from './places.ts';

export class StoredPolicies implements PolicyResources {
  readonly #database: Transactions;

  constructor(database: Transactions) {
    this.#database = database;
  }

  async get(on: ResourceName): Promise<Policy | undefined> {
    return (await isThere(this.#database.read, on)) ? readPolicy(this.#database.read, on) : undefined;
  }

  async set(on: ResourceName, change: (current: Policy) => Promise<PolicyContent>): Promise<Policy> {
    const { policy } = await this.#database.transaction(
      async (tx) => {
        if (!(await isThere(tx, on))) throw notFound('RESOURCE', { name: on });
        const before = await readPolicy(tx, on);
        const changed = await changePolicy(tx, on, change);
        if (on === '/') await requireOwnerStays(tx);
        return { before, policy: changed };
      },
      ({ before, policy: after }) => ({
        response: { '@type': AUDIT_DATA, policyDelta: policyDelta(before, after) },
      }),
    );
    return policy;
  }
}

/** Where Google's own audit log says what a policy gave and took. */
const AUDIT_DATA = 'type.googleapis.com/google.iam.v1.logging.AuditData';

const REPOSITORY = /^projects\/([^/]+)\/locations\/([^/]+)\/repositories\/([^/]+)$/;
const SERVICE_ACCOUNT = /^projects\/([^/]+)\/serviceAccounts\/([^/]+)$/;
const PROJECT = /^projects\/([^/]+)$/;

async function isThere(db: Kysely<Schema>, on: ResourceName): Promise<boolean> {
  if (on === '/') return true;
  const [, project, location = '', repository = ''] = REPOSITORY.exec(on) ?? [];
  if (project !== undefined)
    return (await findRepository(db, { project, location, repository })) !== undefined;
  const [, home, email = ''] = SERVICE_ACCOUNT.exec(on) ?? [];
  const row =
    home === undefined
      ? await db
          .selectFrom('project')
          .select('id')
          .where('id', '=', PROJECT.exec(on)?.[1] ?? '')
          .executeTakeFirst()
      : await db
          .selectFrom('account')
          .select('id')
          .where('id', '=', email)
          .where('project', '=', home)
          .executeTakeFirst();
  return row !== undefined;
}
