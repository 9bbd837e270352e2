import { defineCommand } from '../../grammar/command.ts';
import { required, text } from '../../grammar/flags.ts';
import { noticeOf, packageName, packageParts } from '../../resolve.ts';
import { listed } from '../paging.ts';

export const listTags = defineCommand({
  path: 'artifacts tags list',
  summary: 'List the tags of a package.',
  flags: { package: required(text('PACKAGE', 'Id or full name of the package.')) },
  lists: true,
  serverFilters: true,
  format: 'table(name.basename():label=TAG, version.basename():label=VERSION)',
  async run(args, cli) {
    const client = await cli.client();
    const parent = await packageName(cli, args.package);
    await cli.terminal.notice(noticeOf(await packageParts(cli, args.package)));
    return listed(cli, (options) => client.tags.list(parent, options));
  },
});
