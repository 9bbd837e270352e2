import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { ResourceName } from '../../core/iam.ts';
import type { PolicyContent } from '../../core/policies.ts';
import { changePolicy } from './policy-tables.ts';
import type { Schema } from './schema.ts';

/** Renames members wherever a policy names one of those meant. `meant` is asked of `member.value`. */
export async function renameMembers(
  tx: Transaction<Schema>,
  meant: RawBuilder<boolean>,
  rename: (member: string) => string,
): Promise<void> {
  const { rows } = await sql<{ readonly resource: ResourceName }>`
    SELECT resource FROM iam_policy
    WHERE EXISTS (
      SELECT 1 FROM json_each(bindings) AS binding, json_each(binding.value, '$.members') AS member
      WHERE ${meant}
    ) OR EXISTS (
      SELECT 1 FROM json_each(audit_configs) AS config, json_each(config.value, '$.logTypes') AS type,
        json_each(type.value, '$.exemptedMembers') AS member
      WHERE ${meant}
    )`.execute(tx);
  for (const { resource } of rows) await changePolicy(tx, resource, (policy) => renamed(policy, rename));
}

const renamed = (
  { bindings, auditConfigs }: PolicyContent,
  rename: (member: string) => string,
): PolicyContent => ({
  bindings: bindings.map((binding) => ({ ...binding, members: binding.members.map(rename) })),
  auditConfigs: auditConfigs.map((config) => ({
    ...config,
    logTypes: config.logTypes.map((type) => ({
      ...type,
      exemptedMembers: type.exemptedMembers.map(rename),
    })),
  })),
});
