import { names } from '../../../contract/names.ts';
import type { Cli } from '../../context.ts';
import { usage } from '../../exit.ts';
import { type Command, defineCommand, one, type Row } from '../../grammar/command.ts';
import { repositoryName, repositoryParts } from '../../resolve.ts';
import { bySize } from '../paging.ts';
import { DECISIONS, decisionRow } from './decisions.ts';

const run = one('Id or full name of the run.');

export const cleanupRunCommands: readonly Command[] = [
  defineCommand({
    path: 'artifacts cleanup-runs list',
    summary: 'List the latest runs of the cleanup policies of a repository, the newest first.',
    lists: true,
    format: `table(
      name.basename():label=RUN,
      startTime.date(),
      trigger,
      dryRun.yesno(yes=yes, no=no):label=DRY_RUN,
      outcome,
      versionCount:label=VERSIONS,
      deletedCount:label=DELETED,
      freedBytes.size(precision=1, units_out=M):label="FREED (MB)"
    )`,
    async run(_, cli) {
      const client = await cli.client();
      return client.cleanupRuns.list(await repositoryName(cli), bySize(cli));
    },
  }),

  defineCommand({
    path: 'artifacts cleanup-runs describe',
    summary: 'Show a run of the cleanup policies.',
    positionals: { run },
    format: 'yaml',
    async run(args, cli) {
      const client = await cli.client();
      return client.cleanupRuns.get(await runName(cli, args.run));
    },
  }),

  defineCommand({
    path: 'artifacts cleanup-runs list-decisions',
    summary: 'List what a run decided about the versions that a policy had a say in.',
    examples: [
      {
        says: 'What the last dry run would have deleted:',
        line: `entrepot artifacts cleanup-runs list-decisions RUN --repository=images --filter='action=DELETE'`,
      },
    ],
    positionals: { run },
    lists: true,
    uri: 'version',
    format: DECISIONS,
    async run(args, cli) {
      const client = await cli.client();
      const decisions = client.cleanupDecisions.list(await runName(cli, args.run), bySize(cli));
      return (async function* (): AsyncGenerator<Row, void, undefined> {
        for await (const decision of decisions) yield decisionRow(decision, cli.io.now());
      })();
    },
  }),
];

async function runName(cli: Cli, written: string): Promise<string> {
  if (names.cleanupRun.parse(written)) return written;
  if (written.includes('/')) throw usage(`[${written}] is not the name of a cleanup run`);
  return names.cleanupRun.format({ ...(await repositoryParts(cli)), cleanupRun: written });
}
