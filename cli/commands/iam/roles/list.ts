import { defineCommand } from '../../../grammar/command.ts';
import { toggle } from '../../../grammar/flags.ts';
import { bySize } from '../../paging.ts';
import { homeFlags, homeOf, parentOf } from './role-name.ts';

export const listRoles = defineCommand({
  path: 'iam roles list',
  summary: 'List the predefined roles, or the custom roles of a project or of the organization.',
  examples: [
    {
      says: 'The roles of Artifact Registry:',
      line: "entrepot iam roles list --filter='name:artifactregistry'",
    },
    { says: 'The custom roles of a project:', line: 'entrepot iam roles list --project=my-project' },
  ],
  flags: { ...homeFlags, showDeleted: toggle('Also those that were deleted.') },
  lists: true,
  format: 'table(name, title, stage)',
  async run(args, cli) {
    const client = await cli.client();
    const parent = parentOf(homeOf(cli, args)) ?? '';
    return client.roles.list(parent, {
      ...bySize(cli),
      ...(args.showDeleted && { showDeleted: true }),
    });
  },
});
