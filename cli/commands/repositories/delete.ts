import { defineCommand, one } from '../../grammar/command.ts';
import { repositoryName } from '../../resolve.ts';
import { asyncFlag, deleted } from '../long-running.ts';

export const deleteRepository = defineCommand({
  path: 'artifacts repositories delete',
  summary: 'Delete a repository and everything in it.',
  positionals: { repository: one('Id or full name of the repository.') },
  flags: { async: asyncFlag },
  format: 'none',
  async run(args, cli) {
    const name = await repositoryName(cli, args.repository);
    await cli.terminal.confirm(
      `You are about to delete repository [${args.repository}] and everything in it.`,
    );
    const client = await cli.client();
    return deleted(
      cli,
      await client.repositories.delete(name),
      `repository [${args.repository}]`,
      args.async,
    );
  },
});
