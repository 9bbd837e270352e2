import { defineCommand, one } from '../../grammar/command.ts';
import { packageName } from '../../resolve.ts';
import { asyncFlag, deleted } from '../long-running.ts';
import { permanently } from '../versions/deletion.ts';

export const deletePackage = defineCommand({
  path: 'artifacts packages delete',
  summary: 'Delete a package with all its versions and tags.',
  positionals: { package: one('Id or full name of the package.') },
  flags: { permanently, async: asyncFlag },
  format: 'none',
  async run(args, cli) {
    const name = await packageName(cli, args.package);
    await cli.terminal.confirm(`You are about to delete package [${args.package}] with all its versions.`);
    const client = await cli.client();
    const operation = await client.packages.delete(name, { permanently: args.permanently === true });
    return deleted(cli, operation, `package [${args.package}]`, args.async);
  },
});
