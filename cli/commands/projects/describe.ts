import { names } from '../../../contract/names.ts';
import { defineCommand, one } from '../../grammar/command.ts';

export const describeProject = defineCommand({
  path: 'projects describe',
  summary: 'Show a project.',
  positionals: { projectId: one('Id of the project.') },
  format: 'yaml',
  async run(args, cli) {
    const client = await cli.client();
    return client.projects.get(names.project.format({ project: args.projectId }));
  },
});
