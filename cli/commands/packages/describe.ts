import { defineCommand, one } from '../../grammar/command.ts';
import { packageName } from '../../resolve.ts';

export const describePackage = defineCommand({
  path: 'artifacts packages describe',
  summary: 'Show a package.',
  positionals: { package: one('Id or full name of the package.') },
  format: 'yaml',
  async run(args, cli) {
    const client = await cli.client();
    return client.packages.get(await packageName(cli, args.package));
  },
});
