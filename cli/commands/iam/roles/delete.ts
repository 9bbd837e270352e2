import { defineCommand, one } from '../../../grammar/command.ts';
import { customRoleName, homeFlags, homeOf } from './role-name.ts';

const role = one('Full name of the role, or its id with --project or --organization.');

export const deleteRole = defineCommand({
  path: 'iam roles delete',
  summary: 'Put a custom role out of use.',
  description: 'Whoever it is granted to holds nothing by it any more. "iam roles undelete" brings it back.',
  positionals: { role },
  flags: homeFlags,
  format: 'yaml',
  async run(args, cli) {
    const client = await cli.client();
    return client.roles.delete(customRoleName(homeOf(cli, args), args.role));
  },
});

export const undeleteRole = defineCommand({
  path: 'iam roles undelete',
  summary: 'Bring a deleted custom role back, and what is granted by it.',
  positionals: { role },
  flags: homeFlags,
  format: 'yaml',
  async run(args, cli) {
    const client = await cli.client();
    return client.roles.undelete(customRoleName(homeOf(cli, args), args.role));
  },
});
