import { defineCommand, one } from '../../grammar/command.ts';
import { fileName } from '../../resolve.ts';

export const describeFile = defineCommand({
  path: 'artifacts files describe',
  summary: 'Show a file.',
  positionals: { file: one('Id or full name of the file. Slashes may be written as they are or as %2F.') },
  format: 'yaml',
  async run(args, cli) {
    const client = await cli.client();
    return client.files.get(await fileName(cli, args.file));
  },
});
