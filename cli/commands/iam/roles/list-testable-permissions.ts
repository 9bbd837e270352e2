import { defineCommand, one } from '../../../grammar/command.ts';

export const listTestablePermissions = defineCommand({
  path: 'iam list-testable-permissions',
  summary: 'List the permissions that decide about a resource, all of which custom roles may have.',
  examples: [
    {
      says: 'Those of a project:',
      line: 'entrepot iam list-testable-permissions //cloudresourcemanager.googleapis.com/projects/my-project',
    },
  ],
  positionals: {
    resource: one('Name of the resource, such as projects/my-project, with or without //SERVICE/ in front.'),
  },
  lists: true,
  format: 'table(name)',
  async run(args, cli) {
    const client = await cli.client();
    return (await client.roles.testablePermissions(args.resource)).map((name) => ({ name }));
  },
});
