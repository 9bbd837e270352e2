import { defineCommand, one } from '../../grammar/command.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { versionName } from '../../resolve.ts';
import { asyncFlag, deleted } from '../deletion.ts';

export const deleteVersion = defineCommand({
  path: 'artifacts versions delete',
  summary: 'Delete a version.',
  positionals: { version: one('Id or full name of the version; for an image, its digest.') },
  flags: {
    package: text('PACKAGE', 'Package of the version, unless VERSION is a full name.'),
    deleteTags: toggle('Delete the tags of the version too; without it they stop the deletion.'),
    async: asyncFlag,
  },
  format: 'none',
  async run(args, cli) {
    const name = await versionName(cli, args.version, args.package);
    await cli.terminal.confirm(`You are about to delete version [${args.version}].`);
    const client = await cli.client();
    const operation = await client.versions.delete(name, { force: args.deleteTags === true });
    return deleted(cli, operation, `version [${args.version}]`, args.async);
  },
});
