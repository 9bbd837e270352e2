import { defineCommand, one, type Row } from '../../grammar/command.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { repositoryName } from '../../resolve.ts';
import { policiesFromFile } from '../repositories/policy-file.ts';
import { DECISIONS, decisionRow, totals } from './decisions.ts';
import { textOfFile } from '../../text-file.ts';

export const previewCleanup = defineCommand({
  path: 'artifacts repositories preview-cleanup',
  summary: 'Say for every version what cleanup policies would do. Nothing is deleted.',
  description:
    'The policies are those of the repository or, with --policy, those of a file as set-cleanup-policies reads it. Versions ' +
    'that no policy has a say in are shown with --all only.',
  examples: [
    {
      says: 'Try a file before it is set:',
      line: 'entrepot artifacts repositories preview-cleanup images --policy=policy.json',
    },
    {
      says: 'Only the names of what would be deleted:',
      line: `entrepot artifacts repositories preview-cleanup images --filter='action=DELETE' --format='value(version)'`,
    },
  ],
  positionals: { repository: one('Id or full name of the repository.') },
  flags: {
    policy: text('FILE', 'Try the policies of this file.'),
    all: toggle('Show also the versions that no policy has a say in.'),
  },
  lists: true,
  uri: 'version',
  format: DECISIONS,
  async run(args, cli) {
    const policies = args.policy === undefined ? undefined : await policiesIn(args.policy);
    const name = await repositoryName(cli, args.repository);
    const client = await cli.client();
    return (async function* (): AsyncGenerator<Row, void, undefined> {
      for await (const line of client.cleanup.preview(name, policies)) {
        if ('summary' in line) await cli.terminal.notice(totals(line.summary, false));
        else if (args.all === true || line.decision.reason !== 'NO_POLICY')
          yield decisionRow(line.decision, cli.io.now());
      }
    })();
  },
});

async function policiesIn(file: string) {
  const content = await textOfFile(file, '--policy: cannot read');
  return policiesFromFile(content, file);
}
