import type { Cli } from '../../context.ts';
import { usage } from '../../exit.ts';
import { text } from '../../grammar/flags.ts';

export const organizationFlag = text('ORGANIZATION', 'The installation and all its projects: entrepot.');

/** Whose log is meant: --organization, else the project. */
export async function logPlace(cli: Cli, organization: string | undefined): Promise<string> {
  if (organization === undefined) return `projects/${await cli.project()}`;
  if (cli.globals.project !== undefined) throw usage('give either --project or --organization');
  if (organization !== 'entrepot' && organization !== 'organizations/entrepot')
    throw usage(`--organization: there is one, entrepot, and not [${organization}]`);
  return 'organizations/entrepot';
}
