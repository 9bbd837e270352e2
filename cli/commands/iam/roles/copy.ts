import { defineCommand } from '../../../grammar/command.ts';
import { required, text } from '../../../grammar/flags.ts';
import { customRoleName, roleName } from './role-name.ts';

export const copyRole = defineCommand({
  path: 'iam roles copy',
  summary: 'Make a custom role of another role, to change it.',
  examples: [
    {
      says: 'A writer of one’s own:',
      line: 'entrepot iam roles copy --source=roles/artifactregistry.writer --destination=Pusher --dest-project=my-project',
    },
  ],
  flags: {
    source: required(
      text('ROLE', 'Role to copy: roles/..., or an id with --source-project or --source-organization.'),
    ),
    destination: required(text('ROLE', 'Id of the new role.')),
    sourceProject: text('ID', 'Project of the role that is copied.'),
    sourceOrganization: text('ID', 'Organization of the role that is copied.'),
    destProject: text('ID', 'Project of the new role.'),
    destOrganization: text('ID', 'Organization of the new role.'),
  },
  format: 'yaml',
  async run(args, cli) {
    const { sourceProject, sourceOrganization, destProject, destOrganization } = args;
    const source = roleName({ project: sourceProject, organization: sourceOrganization }, args.source);
    const to = customRoleName({ project: destProject, organization: destOrganization }, args.destination);
    const [parent = '', id = ''] = to.split('/roles/');
    const client = await cli.client();
    const { title, description, stage, includedPermissions = [] } = await client.roles.get(source);
    const possible = new Set(await client.roles.testablePermissions(parent));
    const left = includedPermissions.filter((permission) => !possible.has(permission));
    if (left.length > 0)
      await cli.terminal.warn(`Left out, since ${parent} cannot give them: ${left.join(', ')}.`);
    const created = await client.roles.create(parent, id, {
      ...(title !== undefined && { title }),
      ...(description !== undefined && { description }),
      ...(stage !== undefined && { stage }),
      includedPermissions: includedPermissions.filter((permission) => possible.has(permission)),
    });
    await cli.terminal.notice(`Created role [${id}].`);
    return created;
  },
});
