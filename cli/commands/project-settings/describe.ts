import { names } from '../../../contract/names.ts';
import { defineCommand } from '../../grammar/command.ts';

export const describeSettings = defineCommand({
  path: 'artifacts settings describe',
  summary: 'Show the settings of the project.',
  format: 'yaml',
  async run(_, cli) {
    const client = await cli.client();
    return client.projectSettings.get(
      `${names.project.format({ project: await cli.project() })}/projectSettings`,
    );
  },
});
