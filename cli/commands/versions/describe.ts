import { defineCommand, one } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { versionName } from '../../resolve.ts';

export const describeVersion = defineCommand({
  path: 'artifacts versions describe',
  summary: 'Show a version and its tags.',
  positionals: { version: one('Id or full name of the version; for an image, its digest.') },
  flags: { package: text('PACKAGE', 'Package of the version, unless VERSION is a full name.') },
  format: 'yaml',
  async run(args, cli) {
    const client = await cli.client();
    return client.versions.get(await versionName(cli, args.version, args.package), { view: 'FULL' });
  },
});
