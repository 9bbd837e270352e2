import { defineCommand, one } from '../../grammar/command.ts';
import { packageName } from '../../resolve.ts';
import { asyncFlag, deleted } from '../long-running.ts';

export const deletePackage = defineCommand({
  path: 'artifacts packages delete',
  summary: 'Delete a package with all its versions and tags.',
  positionals: { package: one('Id or full name of the package.') },
  flags: { async: asyncFlag },
  format: 'none',
  async run(args, cli) {
    const name = await packageName(cli, args.package);
    await cli.terminal.confirm(`You are about to delete package [${args.package}] with all its versions.`);
    const client = await cli.client();
    return deleted(cli, await client.packages.delete(name), `package [${args.package}]`, args.async);
  },
});
