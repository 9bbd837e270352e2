import { defineCommand, one } from '../../../grammar/command.ts';
import { homeFlags, homeOf, roleName } from './role-name.ts';

export const describeRole = defineCommand({
  path: 'iam roles describe',
  summary: 'Show a role and what it gives.',
  examples: [
    { says: 'A predefined role:', line: 'entrepot iam roles describe roles/artifactregistry.writer' },
    { says: 'A custom one:', line: 'entrepot iam roles describe Promoter --project=my-project' },
  ],
  positionals: { role: one('Full name of the role, or its id with --project or --organization.') },
  flags: homeFlags,
  format: 'yaml',
  async run(args, cli) {
    const client = await cli.client();
    return client.roles.get(roleName(homeOf(cli, args), args.role));
  },
});
