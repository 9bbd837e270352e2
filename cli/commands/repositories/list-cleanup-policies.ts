import { defineCommand, one } from '../../grammar/command.ts';
import { repositoryName } from '../../resolve.ts';
import { policyReport } from './policy-report.ts';

export const listCleanupPolicies = defineCommand({
  path: 'artifacts repositories list-cleanup-policies',
  summary: 'List the cleanup policies of a repository, in the form set-cleanup-policies reads.',
  positionals: { repository: one('Id or full name of the repository.') },
  lists: true,
  format: 'json',
  async run(args, cli) {
    const client = await cli.client();
    return policyReport(cli, await client.repositories.get(await repositoryName(cli, args.repository)));
  },
});
