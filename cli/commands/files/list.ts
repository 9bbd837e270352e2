import { usage } from '../../exit.ts';
import { defineCommand } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { names } from '../../../contract/names.ts';
import type { Client } from '../../../contract/client.ts';
import type { Cli } from '../../context.ts';
import { noticeOf, packageParts, repositoryParts, type PackageParts } from '../../resolve.ts';
import { listed } from '../paging.ts';

export const listFiles = defineCommand({
  path: 'artifacts files list',
  summary: 'List the files of a repository, a package, a version or a tag.',
  flags: {
    package: text('PACKAGE', 'Only files of this package.'),
    version: text('VERSION', 'Only files of this version of the package.'),
    tag: text('TAG', 'Only files of the version this tag of the package points at.'),
  },
  lists: true,
  serverFilters: true,
  serverOrders: ['name', 'createTime', 'updateTime'],
  format: `table(
    name.basename().sub("%2F", "/"):label=FILE,
    createTime.date(),
    updateTime.date(),
    sizeBytes.size(zero='0', precision=3, units_out=M):label="SIZE (MB)",
    owner.segment(7).sub("%2F", "/"):label=PACKAGE,
    owner.segment(9):label=VERSION
  )`,
  async run(args, cli) {
    const client = await cli.client();
    const parts = await repositoryParts(cli);
    const parent = names.repository.format(parts);
    const owner = await ownerFilter(cli, client, args);
    await cli.terminal.notice(noticeOf(parts));
    if (owner !== undefined && cli.pushed.filter !== undefined)
      throw usage('--package cannot be combined with a --filter of name or annotations');
    const only = owner === undefined ? {} : { filter: owner };
    return listed(cli, (options) => client.files.list(parent, { ...options, ...only }));
  },
});

interface Owner {
  readonly package?: string | undefined;
  readonly version?: string | undefined;
  readonly tag?: string | undefined;
}

/** The filter for the files of what the flags name; undefined for all files. */
async function ownerFilter(cli: Cli, client: Client, owner: Owner): Promise<string | undefined> {
  if (owner.package === undefined) {
    if (owner.version === undefined && owner.tag === undefined) return undefined;
    throw usage('--version and --tag need --package');
  }
  if (owner.version !== undefined && owner.tag !== undefined)
    throw usage('give --version or --tag, not both');
  const parts = await packageParts(cli, owner.package);
  const version = owner.tag === undefined ? owner.version : await taggedVersion(client, parts, owner.tag);
  if (version === undefined) return `owner="${names.package.format(parts)}/versions/*"`;
  return `owner="${version.startsWith('projects/') ? version : names.version.format({ ...parts, version })}"`;
}

const taggedVersion = async (client: Client, parts: PackageParts, tag: string): Promise<string> =>
  (await client.tags.get(names.tag.format({ ...parts, tag }))).version ?? '';
