import { CliError } from '../../exit.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { list, required } from '../../grammar/flags.ts';
import { repositoryName } from '../../resolve.ts';
import { policyReport } from './policy-report.ts';

export const deleteCleanupPolicies = defineCommand({
  path: 'artifacts repositories delete-cleanup-policies',
  summary: 'Remove cleanup policies from a repository.',
  positionals: { repository: one('Id or full name of the repository.') },
  flags: { policynames: required(list('NAME', 'Names of the policies to remove.')) },
  format: 'json',
  async run(args, cli) {
    const client = await cli.client();
    const name = await repositoryName(cli, args.repository);
    const before = (await client.repositories.get(name)).cleanupPolicies ?? {};
    const unknown = args.policynames.filter((policy) => !Object.hasOwn(before, policy));
    if (unknown.length > 0)
      throw new CliError('notFound', `there is no cleanup policy [${unknown.join(', ')}]`);
    const kept = Object.entries(before).filter(([id]) => !args.policynames.includes(id));
    const change = { cleanupPolicies: Object.fromEntries(kept) };
    return policyReport(
      cli,
      await client.repositories.patch(name, change, { updateMask: ['cleanupPolicies'] }),
    );
  },
});
