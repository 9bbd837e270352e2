import { names } from '../../../../contract/names.ts';
import type { Cli } from '../../../context.ts';
import { usage } from '../../../exit.ts';
import { text } from '../../../grammar/flags.ts';

const LOCATION = 'global';

/** The parent of all pools. They have one location, which gcloud wants to be told. */
export async function poolsParent(cli: Cli): Promise<string> {
  return names.location.format({ project: await cli.project(), location: location(cli) });
}

/** A pool by id, or by full name. */
export async function poolName(cli: Cli, written: string): Promise<string> {
  if (written.startsWith('projects/')) return fullName(written, names.workloadPool.parse(written));
  const at = { project: await cli.project(), location: location(cli) };
  return names.workloadPool.format({ ...at, pool: written });
}

/** A provider by id inside a pool, or by full name. */
export async function providerName(cli: Cli, written: string, pool: string | undefined): Promise<string> {
  if (written.startsWith('projects/')) return fullName(written, names.workloadProvider.parse(written));
  if (pool === undefined)
    throw usage('give --workload-identity-pool, or write the full name: projects/.../providers/...');
  return `${await poolName(cli, pool)}/providers/${written}`;
}

export const poolFlag = text('POOL', 'Pool that the provider is in.');

function location({ globals }: Cli): string {
  if (globals.location === undefined || globals.location === LOCATION) return LOCATION;
  throw usage(`workload identity pools are in no location but ${LOCATION}; leave --location out`);
}

function fullName(written: string, parts: unknown): string {
  if (parts !== undefined) return written;
  throw usage(`[${written}] is not the full name of the resource this command is about`);
}
