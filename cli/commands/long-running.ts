import type { Operation } from '../../contract/client.ts';
import type { Cli } from '../context.ts';
import { toggle } from '../grammar/flags.ts';

/** The flag of everything that the server finishes later. */
export const asyncFlag = toggle('Do not wait until it is done; name the operation to ask about.');

/**
 * Sees a deletion through and says so. With --async the operation is the answer, else there is none. `what` is such
 * as `package [app]`.
 */
export async function deleted(
  cli: Cli,
  operation: Operation,
  what: string,
  async: boolean | undefined,
): Promise<Operation | undefined> {
  await cli.terminal.notice(`Delete request issued for: ${what}`);
  if (async) return leftRunning(cli, operation);
  await cli.settled(operation);
  await cli.terminal.notice(`Deleted ${what}.`);
  return undefined;
}

/** With --async, the operation is the answer, and how to follow it is said. */
export async function leftRunning(cli: Cli, operation: Operation): Promise<Operation> {
  await cli.terminal.notice(`See "entrepot artifacts operations describe ${operation.name ?? ''}".`);
  return operation;
}
