import type { Cli } from '../../../context.ts';
import { usage } from '../../../exit.ts';
import { text } from '../../../grammar/flags.ts';

export const homeFlags = {
  organization: text('ID', 'The role is the installation’s own; write --organization=entrepot.'),
};
export interface Home {
  readonly project: string | undefined;
  readonly organization: string | undefined;
}

/** Where roles are looked for: --project as it stands on this line, not as a setting; nothing for predefined ones. */
export function parentOf({ project, organization }: Home): string | undefined {
  if (project !== undefined && organization !== undefined)
    throw usage('give --project or --organization, not both');
  if (organization !== undefined && organization !== 'entrepot')
    throw usage(
      `[${organization}] is not an organization; there is one, entrepot, which is the whole installation`,
    );
  if (organization !== undefined) return 'organizations/entrepot';
  return project === undefined ? undefined : `projects/${project}`;
}

export const homeOf = (cli: Cli, { organization }: Pick<Home, 'organization'>): Home => ({
  project: cli.globals.project,
  organization,
});

/** A role by its full name, or by its id in the project or organization of the flags. */
export function roleName(home: Home, written: string): string {
  if (/^(?:roles|projects\/[^/]+\/roles|organizations\/entrepot\/roles)\/[^/]+$/.test(written))
    return written;
  const parent = parentOf(home);
  if (parent !== undefined) return `${parent}/roles/${written}`;
  throw usage(
    `whose role is [${written}]? Give --project or --organization=entrepot, or write the full name`,
  );
}

export function customRoleName(home: Home, written: string): string {
  const name = roleName(home, written);
  if (!name.startsWith('roles/')) return name;
  throw usage(`[${name}] is predefined and never changes; copy it with "entrepot iam roles copy"`);
}
