import { QUOTA_FLAGS, quotaOf } from '../quota-flags.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { map, text } from '../../grammar/flags.ts';

export const createProject = defineCommand({
  path: 'projects create',
  summary: 'Create a project.',
  examples: [
    {
      says: 'A project with a name for people:',
      line: 'entrepot projects create web-shop --name="The shop"',
    },
  ],
  positionals: {
    projectId: one(
      'Id of the project: 6 to 30 lower-case letters, digits and hyphens. It is part of every address.',
    ),
  },
  flags: {
    name: text('NAME', 'Name for people.', { fallback: 'the id' }),
    labels: map('KEY=VALUE', 'Labels of the project.'),
    ...QUOTA_FLAGS,
  },
  format: 'none',
  async run(args, cli) {
    const client = await cli.client();
    const { projectId, name, labels } = args;
    const limits = quotaOf(args);
    await cli.terminal.notice(`Create in progress for [${projectId}].`);
    const operation = await client.projects.create({
      projectId,
      ...(name === undefined ? {} : { name }),
      ...(labels === undefined ? {} : { labels }),
      ...(limits && { quota: limits.quota }),
    });
    const created = await cli.settled(operation);
    await cli.terminal.notice(`Created project [${projectId}].`);
    return created;
  },
});
