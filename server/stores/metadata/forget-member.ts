import { sql, type Transaction } from 'kysely';
import { renameMembers } from './rename-members.ts';
import type { Schema } from './schema.ts';

/**
 * Takes a member that is gone out of every policy that names it: what stays behind is Google's
 * `deleted:serviceAccount:EMAIL?uid=N`, which means nobody, so that a name used again is given nothing of the old one.
 */
export const forgetMember = (tx: Transaction<Schema>, member: string, uid: string): Promise<void> =>
  renameMembers(tx, sql<boolean>`member.value = ${member}`, (name) =>
    name === member ? `deleted:${member}?uid=${uid}` : name,
  );
