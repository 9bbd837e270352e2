import { defineCommand } from '../../grammar/command.ts';
import { noticeOf, repositoryName, repositoryParts } from '../../resolve.ts';
import { listed } from '../paging.ts';

export const listPackages = defineCommand({
  path: 'artifacts packages list',
  summary: 'List the packages of a repository.',
  lists: true,
  serverFilters: true,
  serverOrders: ['name', 'createTime', 'updateTime'],
  format:
    'table(name.basename().sub("%2F", "/"):label=PACKAGE, createTime.date(), updateTime.date(), annotations)',
  async run(_, cli) {
    const client = await cli.client();
    const parent = await repositoryName(cli);
    await cli.terminal.notice(noticeOf(await repositoryParts(cli)));
    return listed(cli, (options) => client.packages.list(parent, options));
  },
});
