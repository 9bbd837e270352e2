import { defineCommand } from '../../grammar/command.ts';
import { required, text } from '../../grammar/flags.ts';
import { noticeOf, packageName, packageParts } from '../../resolve.ts';
import { listed } from '../paging.ts';

export const listVersions = defineCommand({
  path: 'artifacts versions list',
  summary: 'List the versions of a package.',
  flags: { package: required(text('PACKAGE', 'Id or full name of the package.')) },
  lists: true,
  serverFilters: true,
  serverOrders: ['name', 'createTime', 'updateTime'],
  format: `table(
    name.basename():label=VERSION,
    description,
    createTime.date(),
    updateTime.date(),
    metadata.imageSizeBytes.size(precision=3, units_out=M):label="SIZE (MB)":optional,
    annotations:optional
  )`,
  async run(args, cli) {
    const client = await cli.client();
    const parent = await packageName(cli, args.package);
    await cli.terminal.notice(noticeOf(await packageParts(cli, args.package)));
    return listed(cli, (options) => client.versions.list(parent, options));
  },
});
