import { defineCommand, one } from '../../../grammar/command.ts';
import { fieldFlags, roleFields } from './role-fields.ts';
import { customRoleName, homeFlags, homeOf } from './role-name.ts';

export const createRole = defineCommand({
  path: 'iam roles create',
  summary: 'Create a custom role.',
  examples: [
    {
      says: 'A role that retags and deletes nothing:',
      line:
        'entrepot iam roles create Promoter --project=my-project --title=Promoter ' +
        '--permissions=artifactregistry.tags.create,artifactregistry.tags.update --stage=ga',
    },
  ],
  positionals: { role: one('Id of the role: 3 to 64 letters, digits, underscores and periods.') },
  flags: { ...homeFlags, ...fieldFlags },
  format: 'yaml',
  async run(args, cli) {
    const name = customRoleName(homeOf(cli, args), args.role);
    const [parent = '', id = ''] = name.split('/roles/');
    const { etag: _etag, ...fields } = await roleFields(args);
    const client = await cli.client();
    const created = await client.roles.create(parent, id, fields);
    await cli.terminal.notice(`Created role [${id}].`);
    return created;
  },
});
