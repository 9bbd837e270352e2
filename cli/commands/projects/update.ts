import { names } from '../../../contract/names.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { masked } from '../given.ts';
import { QUOTA_FLAGS, quotaOf } from '../quota-flags.ts';

export const updateProject = defineCommand({
  path: 'projects update',
  summary: 'Change a project.',
  description: 'Changes what is given and nothing else.',
  examples: [
    {
      says: 'Let all repositories of a project hold 500 GiB together:',
      line: 'entrepot projects update web-shop --max-bytes=500GiB',
    },
  ],
  positionals: { projectId: one('Id of the project.') },
  flags: { name: text('NAME', 'New name for people.'), ...QUOTA_FLAGS },
  format: 'none',
  async run(args, cli) {
    const client = await cli.client();
    const { projectId, name } = args;
    const limits = quotaOf(args);
    const updated = await client.projects.patch(
      names.project.format({ project: projectId }),
      { ...(name !== undefined && { name }), ...(limits && { quota: limits.quota }) },
      masked([...(name === undefined ? [] : ['name']), ...(limits?.paths ?? [])]),
    );
    await cli.terminal.notice(`Updated project [${projectId}].`);
    return updated;
  },
});
