import { groupName } from '../../../contract/identities.ts';
import { escapeId } from '../../../contract/names.ts';
import { type Command, defineCommand } from '../../grammar/command.ts';
import { required, text } from '../../grammar/flags.ts';
import { bySize } from '../paging.ts';

const groupFlag = required(text('GROUP', 'Name of the group.'));
const memberFlag = required(
  text('MEMBER', 'Name of a user, or e-mail of a service account; also as user:... or serviceAccount:....'),
);
const flags = { groupEmail: groupFlag, memberEmail: memberFlag };

/** E-mails of service accounts end as Google's do; the prefix says it for those of another domain. */
function memberOf(written: string): string {
  if (/^(?:user|serviceAccount):/.test(written)) return written;
  return `${written.endsWith('.gserviceaccount.com') ? 'serviceAccount' : 'user'}:${written}`;
}

const accountOf = (written: string): string => written.replace(/^(?:user|serviceAccount):/, '');

const addMembership = defineCommand({
  path: 'identity groups memberships add',
  summary: 'Put a user or a service account into a group.',
  description: 'Only who holds all that is granted to the group may add to it.',
  examples: [
    {
      says: 'Add a user:',
      line: 'entrepot identity groups memberships add --group-email=developers --member-email=ann',
    },
  ],
  flags,
  format: 'none',
  async run({ groupEmail, memberEmail }, cli) {
    const client = await cli.client();
    const added = await client.memberships.create(groupName(groupEmail), memberOf(memberEmail));
    await cli.terminal.notice(`Added [${accountOf(memberEmail)}] to group [${groupEmail}].`);
    return added;
  },
});

const deleteMembership = defineCommand({
  path: 'identity groups memberships delete',
  summary: 'Take a member out of a group.',
  flags,
  format: 'none',
  async run({ groupEmail, memberEmail }, cli) {
    const account = accountOf(memberEmail);
    await cli.terminal.confirm(`[${account}] will be taken out of group [${groupEmail}].`);
    const client = await cli.client();
    await client.memberships.delete(`${groupName(groupEmail)}/memberships/${escapeId(account)}`);
    await cli.terminal.notice(`Took [${account}] out of group [${groupEmail}].`);
    return undefined;
  },
});

const listMemberships = defineCommand({
  path: 'identity groups memberships list',
  summary: 'List who is in a group.',
  flags: { groupEmail: groupFlag },
  lists: true,
  format: 'table(member, source, createTime.date())',
  async run({ groupEmail }, cli) {
    const client = await cli.client();
    return client.memberships.list(groupName(groupEmail), bySize(cli));
  },
});

export const membershipCommands: readonly Command[] = [addMembership, deleteMembership, listMemberships];
