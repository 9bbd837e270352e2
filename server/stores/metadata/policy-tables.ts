import type { Statement } from 'bun:sqlite';
import type { Kysely, Transaction } from 'kysely';
import type { ResourceName } from '../../core/iam.ts';
import type { Permission } from '../../core/permissions.ts';
import type { PolicyContent } from '../../core/policies.ts';
import type { AuditConfig, Policy, PolicyBinding, PolicyReader } from '../../core/policy.ts';
import { IamRevision } from './iam-revision.ts';
import type { Schema } from './schema.ts';
import type { Transactions } from './transactions.ts';

interface Row {
  readonly revision: number;
  readonly bindings: string;
  readonly audit_configs: string;
}

/** Policies and custom roles, as decisions are made from them. */
export class PolicyTables implements PolicyReader {
  readonly #revision: IamRevision;
  readonly #policy: Statement<Row, [string]>;
  readonly #role: Statement<{ readonly permissions: string }, [string]>;

  constructor(database: Transactions) {
    const { reading } = database;
    this.#revision = new IamRevision(database);
    this.#policy = reading.prepare(
      'SELECT revision, bindings, audit_configs FROM iam_policy WHERE resource = ?',
    );
    this.#role = reading.prepare(
      "SELECT permissions FROM custom_role WHERE name = ? AND deleted = 0 AND stage <> 'DISABLED'",
    );
  }

  revision(): number {
    return this.#revision.policies();
  }

  policy(on: ResourceName): Policy | undefined {
    const row = this.#policy.get(on);
    return row ? policyOf(row) : undefined;
  }

  customRole(name: string): readonly Permission[] | undefined {
    const row = this.#role.get(name);
    return row ? (JSON.parse(row.permissions) as Permission[]) : undefined;
  }
}

const policyOf = ({ revision, bindings, audit_configs: configs }: Row): Policy => ({
  revision,
  bindings: JSON.parse(bindings) as PolicyBinding[],
  auditConfigs: JSON.parse(configs) as AuditConfig[],
});

const NONE: Policy = { bindings: [], auditConfigs: [], revision: 0 };

export async function readPolicy(db: Kysely<Schema>, on: ResourceName): Promise<Policy> {
  const row = await db
    .selectFrom('iam_policy')
    .select(['revision', 'bindings', 'audit_configs'])
    .where('resource', '=', on)
    .executeTakeFirst();
  return row ? policyOf(row) : NONE;
}

/** Changes a resource's policy; `change` sees what is really there and may refuse by throwing. */
export async function changePolicy(
  tx: Transaction<Schema>,
  on: ResourceName,
  change: (current: Policy) => PolicyContent | Promise<PolicyContent>,
): Promise<Policy> {
  const { bindings, auditConfigs } = await change(await readPolicy(tx, on));
  // Not counted per resource: what was said of one must not fit another of the same name.
  const { revision } = await tx
    .selectFrom('iam_revision')
    .select(({ eb }) => eb('policies', '+', 1).as('revision'))
    .where('only', '=', 0)
    .executeTakeFirstOrThrow();
  const values = {
    revision,
    bindings: JSON.stringify(bindings),
    audit_configs: JSON.stringify(auditConfigs),
  };
  await tx
    .insertInto('iam_policy')
    .values({ resource: on, ...values })
    .onConflict((conflict) => conflict.column('resource').doUpdateSet(values))
    .execute();
  return { bindings, auditConfigs, revision };
}

/** Adds a member to a role without a condition. */
export const grantRole = (
  tx: Transaction<Schema>,
  on: ResourceName,
  role: string,
  member: string,
): Promise<Policy> =>
  changePolicy(tx, on, ({ bindings, auditConfigs }) => {
    const known = bindings.find((binding) => binding.role === role && !binding.condition);
    const members = known?.members ?? [];
    if (members.includes(member)) return { bindings, auditConfigs };
    const others = bindings.filter((binding) => binding !== known);
    return { bindings: [...others, { role, members: [...members, member] }], auditConfigs };
  });
