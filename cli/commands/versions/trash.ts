import type { Client, DeletedVersion } from '../../../contract/client.ts';
import { lastId, names } from '../../../contract/names.ts';
import type { Named } from '../../../contract/verbs.ts';
import type { Cli } from '../../context.ts';
import { CliError } from '../../exit.ts';
import { type Command, defineCommand, one, type Row } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { packageParts, repositoryName, repositoryParts, versionName } from '../../resolve.ts';
import { bySize } from '../paging.ts';

const version = one('Id or full name of the version, or the full name of one that "list-deleted" shows.');
const flags = { package: text('PACKAGE', 'Package of the version, unless VERSION is a full name.') };

export const trashCommands: readonly Command[] = [
  defineCommand({
    path: 'artifacts versions list-deleted',
    summary: 'List the versions that were deleted and can be restored, the newest deletion first.',
    examples: [
      {
        says: 'What was deleted of one package, and until when it can be restored:',
        line: 'entrepot artifacts versions list-deleted --repository=images --package=team/app',
      },
    ],
    flags: { package: text('PACKAGE', 'Id or full name of the only package to list of.') },
    lists: true,
    format: `table(
      package,
      versionId:label=VERSION,
      tagIds.list():label=TAGS,
      deleteTime.date():label=DELETED,
      purgeTime.date():label=RESTORABLE_UNTIL,
      member:label=BY
    )`,
    async run(args, cli) {
      const client = await cli.client();
      const of = args.package === undefined ? undefined : await packageParts(cli, args.package);
      const repository = names.repository.format(of ?? (await repositoryParts(cli)));
      const deleted = client.deletedVersions.list(repository, {
        ...bySize(cli),
        ...(of && { package: of.package }),
      });
      return (async function* (): AsyncGenerator<Row, void, undefined> {
        for await (const each of deleted) yield rowOf(each);
      })();
    },
  }),

  defineCommand({
    path: 'artifacts versions undelete',
    summary: 'Restore a version that was deleted.',
    description:
      'Its parts come back with it, so does what refers to it and was deleted together with it, and the tags that name ' +
      'nothing else by now. Of a version that was deleted more than once, the last deletion is undone.',
    examples: [
      {
        says: 'A package of npm:',
        line: 'entrepot artifacts versions undelete 1.4.2 --package=@acme/web --repository=npm',
      },
    ],
    positionals: { version },
    flags,
    format: 'none',
    async run(args, cli) {
      const client = await cli.client();
      const { name } = await find(cli, client, args);
      const { versions = [], tags = [], takenTags = [] } = await client.deletedVersions.undelete(name);
      const also = versions.length > 1 ? `, and ${versions.length - 1} that belong to it` : '';
      const tagged = tags.length > 0 ? `, with the tags ${tags.map(lastId).join(', ')}` : '';
      await cli.terminal.notice(`Restored version [${args.version}]${also}${tagged}.`);
      if (takenTags.length > 0)
        await cli.terminal.warn(
          `these tags name another version by now and were left: ${takenTags.map(lastId).join(', ')}`,
        );
      return { versions, tags, takenTags };
    },
  }),

  defineCommand({
    path: 'artifacts versions purge',
    summary: 'Delete a version for good that was deleted.',
    description: 'It cannot be restored any more. Needs the permission entrepot.versions.purge.',
    positionals: { version },
    flags,
    format: 'none',
    async run(args, cli) {
      const client = await cli.client();
      const { name } = await find(cli, client, args);
      await cli.terminal.confirm(
        `You are about to delete version [${args.version}] for good. Nobody can restore it after that.`,
      );
      await client.deletedVersions.purge(name);
      await cli.terminal.notice(`Purged version [${args.version}].`);
      return undefined;
    },
  }),
];

function rowOf(deleted: DeletedVersion): Row {
  const { package: pkg = '', version: id = '' } = names.version.parse(deleted.version ?? '') ?? {};
  return { ...deleted, package: pkg, versionId: id, tagIds: (deleted.tags ?? []).map(lastId) };
}

/** The last deletion of what was written. */
async function find(
  cli: Cli,
  client: Client,
  written: { readonly version: string; readonly package: string | undefined },
): Promise<Named<DeletedVersion>> {
  if (names.deletedVersion.parse(written.version)) return client.deletedVersions.get(written.version);
  const wanted = await versionName(cli, written.version, written.package);
  const of = names.version.parse(wanted);
  const repository = of ? names.repository.format(of) : await repositoryName(cli);
  const deleted = client.deletedVersions.list(repository, { ...(of && { package: of.package }) });
  for await (const each of deleted) if (each.version === wanted) return each;
  throw new CliError(
    'notFound',
    `version [${written.version}] is not in the trash; "artifacts versions list-deleted" shows what is`,
  );
}
