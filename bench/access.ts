import { join } from 'node:path';
import type { ResourceName } from '../server/core/iam.ts';
import type { PolicyBinding } from '../server/core/policy.ts';
import { hashPassword } from '../server/iam/passwords.ts';
import { AccountTables } from '../server/stores/metadata/account-tables.ts';
import { MetadataDatabase } from '../server/stores/metadata/database.ts';
import { changePolicy } from '../server/stores/metadata/policy-tables.ts';
import { type Credentials, LOCATION, PROJECT } from './servers/entrepot.ts';

/** Who may do what, as it is put into a stopped server's data directory. */
export interface AccessPlan {
  readonly users: readonly Credentials[];
  /** Made for this; the user named here is in every one of them. */
  readonly groups: readonly string[];
  readonly memberOfAll: string;
  /** By repository id. */
  readonly policies: ReadonlyMap<string, readonly PolicyBinding[]>;
}

/** Puts it there in one transaction. */
export async function writeAccess(data: string, plan: AccessPlan): Promise<void> {
  const now = Date.now();
  await using database = await MetadataDatabase.open(join(data, 'entrepot.db'));
  const accounts = new AccountTables(database, () => now);
  for (const { username, password } of plan.users)
    await accounts.put({ id: username, kind: 'user', passwordHash: await hashPassword(password) });
  await database.transaction(async (tx) => {
    for (const id of plan.groups) {
      const group = { id, uid: `group-${id}`, created_at: now, updated_at: now };
      await tx.insertInto('account_group').values(group).execute();
      const member = { account: plan.memberOfAll, group_id: id, source: 'manual', created_at: now } as const;
      await tx.insertInto('group_member').values(member).execute();
    }
    for (const [id, bindings] of plan.policies) {
      const repository: ResourceName = `projects/${PROJECT}/locations/${LOCATION}/repositories/${id}`;
      await changePolicy(tx, repository, () => ({ bindings, auditConfigs: [] }));
    }
  });
}
