import { names } from '../../../contract/names.ts';
import { defineCommand, one } from '../../grammar/command.ts';

export const deleteProject = defineCommand({
  path: 'projects delete',
  summary: 'Delete a project that holds no repository.',
  positionals: { projectId: one('Id of the project.') },
  format: 'none',
  async run(args, cli) {
    await cli.terminal.confirm(`Project [${args.projectId}] will be deleted.`);
    const client = await cli.client();
    await client.projects.delete(names.project.format({ project: args.projectId }));
    await cli.terminal.notice(`Deleted [${args.projectId}].`);
    return undefined;
  },
});
