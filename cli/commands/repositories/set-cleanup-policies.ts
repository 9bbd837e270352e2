import type { Repository } from '../../../contract/client.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { required, text, toggle } from '../../grammar/flags.ts';
import { repositoryName } from '../../resolve.ts';
import { policiesFromFile } from './policy-file.ts';
import { policyReport } from './policy-report.ts';
import { textOfFile } from '../../text-file.ts';

export const setCleanupPolicies = defineCommand({
  path: 'artifacts repositories set-cleanup-policies',
  summary: 'Set cleanup policies of a repository from a file.',
  description:
    'The file is a JSON list of policies: name, action.type (Delete or Keep), and either condition or ' +
    'mostRecentVersions. Policies of the same name are replaced; others stay unless --overwrite is given.',
  examples: [
    {
      says: 'See what a policy would do before it does it:',
      line: 'entrepot artifacts repositories set-cleanup-policies images --policy=policy.json --dry-run',
    },
  ],
  positionals: { repository: one('Id or full name of the repository.') },
  flags: {
    policy: required(text('FILE', 'File with the policies.')),
    dryRun: toggle('Only report what would be deleted.', { negatable: true }),
    overwrite: toggle('Remove the policies that are not in the file.'),
  },
  format: 'json',
  async run(args, cli) {
    const content = await textOfFile(args.policy, '--policy: cannot read');
    const policies = policiesFromFile(content, args.policy);
    const client = await cli.client();
    const name = await repositoryName(cli, args.repository);
    const before = args.overwrite ? {} : ((await client.repositories.get(name)).cleanupPolicies ?? {});
    const change: Repository = {
      cleanupPolicies: { ...before, ...policies },
      ...(args.dryRun === undefined ? {} : { cleanupPolicyDryRun: args.dryRun }),
    };
    return policyReport(
      cli,
      await client.repositories.patch(name, change, { updateMask: Object.keys(change) }),
    );
  },
});
