import { defineCommand, one } from '../../grammar/command.ts';
import { fileName } from '../../resolve.ts';
import { asyncFlag, deleted } from '../long-running.ts';

export const deleteFile = defineCommand({
  path: 'artifacts files delete',
  summary: 'Delete a file that no version is made of, or one of a version whose files go one by one.',
  positionals: { file: one('Id or full name of the file. Slashes may be written as they are or as %2F.') },
  flags: { async: asyncFlag },
  format: 'none',
  async run(args, cli) {
    const name = await fileName(cli, args.file);
    await cli.terminal.confirm(`You are about to delete file [${args.file}].`);
    const client = await cli.client();
    return deleted(cli, await client.files.delete(name), `file [${args.file}]`, args.async);
  },
});
