import { names } from '../../../contract/names.ts';
import { defineCommand, one } from '../../grammar/command.ts';

export const describeOperation = defineCommand({
  path: 'artifacts operations describe',
  summary: 'Show an operation.',
  positionals: { operation: one('Id or full name of the operation.') },
  format: 'yaml',
  async run({ operation }, cli) {
    const client = await cli.client();
    if (operation.startsWith('projects/')) return client.operations.get(operation);
    const parts = { project: await cli.project(), location: await cli.location(), operation };
    return client.operations.get(names.operation.format(parts));
  },
});
