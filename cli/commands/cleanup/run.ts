import type { CleanupRun } from '../../../contract/client.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { toggle } from '../../grammar/flags.ts';
import { repositoryName } from '../../resolve.ts';
import { asyncFlag, leftRunning } from '../long-running.ts';
import { totals } from './decisions.ts';

export const runCleanup = defineCommand({
  path: 'artifacts repositories run-cleanup',
  summary: 'Apply the cleanup policies of a repository now.',
  description:
    'Deletes what preview-cleanup shows, also where the repository is set to dry runs. With --dry-run nothing is deleted ' +
    'and the decisions are recorded, for artifacts cleanup-runs list-decisions.',
  examples: [
    {
      says: 'Record what would be deleted:',
      line: 'entrepot artifacts repositories run-cleanup images --dry-run',
    },
  ],
  positionals: { repository: one('Id or full name of the repository.') },
  flags: { dryRun: toggle('Delete nothing; record what would be.'), async: asyncFlag },
  format: 'yaml',
  async run({ repository, dryRun = false, async: isAsync }, cli) {
    const name = await repositoryName(cli, repository);
    if (!dryRun)
      await cli.terminal.confirm(
        `You are about to delete what the cleanup policies of [${repository}] do not keep.`,
      );
    const client = await cli.client();
    const operation = await client.cleanup.run(name, { dryRun });
    if (isAsync === true) return leftRunning(cli, operation);
    const { '@type': _, ...run } = (await cli.settled(operation)) as CleanupRun & {
      readonly '@type'?: string;
    };
    await cli.terminal.notice(totals(run, !dryRun));
    return run;
  },
});
