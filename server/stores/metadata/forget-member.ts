import { sql, type Transaction } from 'kysely';
import type { ResourceName } from '../../core/iam.ts';
import { changePolicy } from './policy-tables.ts';
import type { Schema } from './schema.ts';

/**
 * Takes a member that is gone out of every policy that names it: what stays behind is Google's
 * `deleted:serviceAccount:EMAIL?uid=N`, which means nobody, so that a name used again is given nothing of the old one.
 */
export async function forgetMember(tx: Transaction<Schema>, member: string, uid: string): Promise<void> {
  const rename = (name: string): string => (name === member ? `deleted:${member}?uid=${uid}` : name);
  const { rows } = await sql<{ readonly resource: ResourceName }>`
    SELECT resource FROM iam_policy
    WHERE ${grants(member)} OR ${exempts(member)}`.execute(tx);
  for (const { resource } of rows)
    await changePolicy(tx, resource, ({ bindings, auditConfigs }) => ({
      bindings: bindings.map((binding) => ({ ...binding, members: binding.members.map(rename) })),
      auditConfigs: auditConfigs.map((config) => ({
        ...config,
        logTypes: config.logTypes.map((type) => ({
          ...type,
          exemptedMembers: type.exemptedMembers.map(rename),
        })),
      })),
    }));
}

const grants = (member: string) => sql<boolean>`EXISTS (
  SELECT 1 FROM json_each(bindings) AS binding, json_each(binding.value, '$.members') AS member
  WHERE member.value = ${member})`;

const exempts = (member: string) => sql<boolean>`EXISTS (
  SELECT 1 FROM json_each(audit_configs) AS config, json_each(config.value, '$.logTypes') AS type,
    json_each(type.value, '$.exemptedMembers') AS member
  WHERE member.value = ${member})`;
