import type { CleanupPolicy, Repository } from '../../../contract/client.ts';
import type { Cli } from '../../context.ts';
import type { Row } from '../../grammar/command.ts';
import { policyForFile } from './policy-file.ts';

/** The policies in the order of their names, as in a file; on standard error, whether they are in force. */
export async function policyReport(cli: Cli, repository: Repository): Promise<readonly Row[]> {
  await cli.terminal.notice(`Dry run is ${repository.cleanupPolicyDryRun ? 'enabled' : 'disabled'}.`);
  const policies: [string, CleanupPolicy][] = Object.entries(repository.cleanupPolicies ?? {});
  return policies.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([id, policy]) => policyForFile(id, policy));
}
