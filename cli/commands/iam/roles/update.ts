import type { Role } from '../../../../contract/client.ts';
import { usage } from '../../../exit.ts';
import { defineCommand, one } from '../../../grammar/command.ts';
import { list } from '../../../grammar/flags.ts';
import { masked } from '../../given.ts';
import { fieldFlags, roleFields } from './role-fields.ts';
import { customRoleName, homeFlags, homeOf } from './role-name.ts';

export const updateRole = defineCommand({
  path: 'iam roles update',
  summary: 'Change a custom role.',
  description: 'Changes what is given and nothing else, for everyone to whom the role is granted.',
  examples: [
    {
      says: 'Let its holders delete tags too:',
      line: 'entrepot iam roles update Promoter --project=my-project --add-permissions=artifactregistry.tags.delete',
    },
  ],
  positionals: { role: one('Full name of the role, or its id with --project or --organization.') },
  flags: {
    ...homeFlags,
    ...fieldFlags,
    addPermissions: list('PERMISSION', 'Permissions to add.'),
    removePermissions: list('PERMISSION', 'Permissions to remove.'),
  },
  format: 'yaml',
  async run(args, cli) {
    const { addPermissions: added, removePermissions: removed } = args;
    const name = customRoleName(homeOf(cli, args), args.role);
    const fields = await roleFields(args);
    if (fields.includedPermissions && (added ?? removed))
      throw usage('--add-permissions and --remove-permissions change what is there; leave --permissions out');
    const client = await cli.client();
    const change = (added ?? removed) ? changed(await client.roles.get(name)) : fields;
    const { etag: _etag, ...written } = change;
    const updated = await client.roles.patch(name, change, masked(Object.keys(written)));
    await cli.terminal.notice(`Updated role [${name.slice(name.lastIndexOf('/') + 1)}].`);
    return updated;

    /** With the etag, so that what somebody else adds meanwhile is not taken away. */
    function changed({ includedPermissions = [], etag }: Role): Role {
      const permissions = new Set([...includedPermissions, ...(added ?? [])]);
      for (const permission of removed ?? []) permissions.delete(permission);
      return { ...fields, includedPermissions: [...permissions], ...(etag && { etag }) };
    }
  },
});
