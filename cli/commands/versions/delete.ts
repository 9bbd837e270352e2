import { ApiError } from '../../../contract/api-error.ts';
import { CliError } from '../../exit.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { versionName } from '../../resolve.ts';
import { asyncFlag, deleted } from '../long-running.ts';

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
    const force = args.deleteTags === true;
    const operation = await client.versions.delete(name, { force }).catch(sayingHow);
    return deleted(cli, operation, `version [${args.version}]`, args.async);
  },
});

/** The server tells callers of the API to set `force`; here that is a flag. */
function sayingHow(thrown: unknown): never {
  if (!(thrown instanceof ApiError) || thrown.reason !== 'VERSION_TAGGED') throw thrown;
  const { version = '', tag = '' } = thrown.details;
  throw new CliError(
    'conflict',
    `version ${version} is tagged (${tag}, and perhaps more); give --delete-tags to delete its tags with it`,
    thrown,
  );
}
