import { defineCommand } from '../../grammar/command.ts';
import { bySize } from '../paging.ts';

export const listProjects = defineCommand({
  path: 'projects list',
  summary: 'List the projects you may see.',
  lists: true,
  format: 'table(projectId, name, projectNumber, createTime.date())',
  async run(_, cli) {
    const client = await cli.client();
    return client.projects.list(bySize(cli));
  },
});
