import { ApiError } from '../../../contract/api-error.ts';
import { CliError } from '../../exit.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { versionName } from '../../resolve.ts';
import { asyncFlag, deleted } from '../long-running.ts';
import { cascade, permanently, showCascade } from './deletion.ts';

export const deleteVersion = defineCommand({
  path: 'artifacts versions delete',
  summary: 'Delete a version.',
  description:
    'A deleted version can be restored for some time with "artifacts versions undelete", unless it is deleted --permanently.',
  examples: [
    {
      says: 'An index with its images and their signatures:',
      line:
        'entrepot artifacts versions delete sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a ' +
        '--package=team/app --delete-tags --cascade',
    },
  ],
  positionals: { version: one('Id or full name of the version; for an image, its digest.') },
  flags: {
    package: text('PACKAGE', 'Package of the version, unless VERSION is a full name.'),
    deleteTags: toggle('Delete the tags of the version too; without it they stop the deletion.'),
    cascade,
    permanently,
    async: asyncFlag,
  },
  format: 'none',
  async run(args, cli) {
    const name = await versionName(cli, args.version, args.package);
    const client = await cli.client();
    const how = {
      force: args.deleteTags === true,
      cascade: args.cascade === true,
      permanently: args.permanently === true,
    };
    if (how.cascade) await showCascade(cli, client, name, how).catch(sayingHow);
    const what = how.cascade ? 'the above versions' : `version [${args.version}]`;
    await cli.terminal.confirm(`You are about to delete ${what}${how.permanently ? ' for good' : ''}.`);
    const operation = await client.versions.delete(name, how).catch(sayingHow);
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
