import { groupName } from '../../../contract/identities.ts';
import { type Command, defineCommand, one } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { given, givenChange } from '../given.ts';
import { bySize } from '../paging.ts';

const group = one('Name of the group, such as developers or developers@example.com.');
const nameFlags = {
  displayName: text('NAME', 'Name for people.'),
  description: text('TEXT', 'What the group is for.'),
};

const createGroup = defineCommand({
  path: 'identity groups create',
  summary: 'Create a group.',
  description: 'Roles are granted to it as group:NAME; whoever is in it has them.',
  examples: [{ says: 'A group:', line: 'entrepot identity groups create developers' }],
  positionals: { group },
  flags: nameFlags,
  format: 'none',
  async run({ group: id, ...fields }, cli) {
    const client = await cli.client();
    const created = await client.groups.create(id, given(fields));
    await cli.terminal.notice(`Created group [${id}].`);
    return created;
  },
});

const listGroups = defineCommand({
  path: 'identity groups list',
  summary: 'List the groups.',
  lists: true,
  format: 'table(name.basename():label=GROUP, displayName:label=NAME, description, createTime.date())',
  async run(_, cli) {
    const client = await cli.client();
    return client.groups.list(bySize(cli));
  },
});

const describeGroup = defineCommand({
  path: 'identity groups describe',
  summary: 'Show a group.',
  positionals: { group },
  format: 'yaml',
  async run(args, cli) {
    const client = await cli.client();
    return client.groups.get(groupName(args.group));
  },
});

const updateGroup = defineCommand({
  path: 'identity groups update',
  summary: 'Change the display name or the description of a group.',
  positionals: { group },
  flags: nameFlags,
  format: 'none',
  async run({ group: id, ...fields }, cli) {
    const change = givenChange(fields, 'give --display-name or --description');
    const client = await cli.client();
    const updated = await client.groups.patch(groupName(id), ...change);
    await cli.terminal.notice(`Updated group [${id}].`);
    return updated;
  },
});

const deleteGroup = defineCommand({
  path: 'identity groups delete',
  summary: 'Delete a group. Its members stay, without what was granted to the group.',
  positionals: { group },
  format: 'none',
  async run(args, cli) {
    await cli.terminal.confirm(`Group [${args.group}] will be deleted.`);
    const client = await cli.client();
    await client.groups.delete(groupName(args.group));
    await cli.terminal.notice(`Deleted group [${args.group}].`);
    return undefined;
  },
});

export const groupCommands: readonly Command[] = [
  createGroup,
  listGroups,
  describeGroup,
  updateGroup,
  deleteGroup,
];
