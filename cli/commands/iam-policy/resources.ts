import { names } from '../../../contract/names.ts';
import type { Cli } from '../../context.ts';
import { usage } from '../../exit.ts';
import { maybe, one, type Positional } from '../../grammar/command.ts';
import { repositoryName } from '../../resolve.ts';

/** A kind of resource that has a policy, as commands are about it. */
export interface PolicyKind {
  /** Words in front of `get-iam-policy`. */
  readonly group: string;
  readonly noun: string;
  readonly positional: Positional<string | undefined>;
  name(cli: Cli, written: string | undefined): Promise<string>;
  /** What examples are about. */
  readonly example: { readonly resource: string; readonly role: string };
}

const ofProject = (written: string | undefined): string =>
  written?.startsWith('projects/') ? written : names.project.format({ project: written ?? '' });

/** Any project will do in the name, since an e-mail stands for one account only. */
const ofServiceAccount = (written: string | undefined): string =>
  written?.startsWith('projects/') ? written : `projects/-/serviceAccounts/${written ?? ''}`;

function ofOrganization(written = 'entrepot'): string {
  if (written === 'entrepot' || written === 'organizations/entrepot') return 'organizations/entrepot';
  throw usage(`[${written}] is not an organization; there is one, entrepot, which is the whole installation`);
}

export const POLICY_KINDS: readonly PolicyKind[] = [
  {
    group: 'artifacts repositories',
    noun: 'repository',
    positional: one('Id or full name of the repository.'),
    name: repositoryName,
    example: { resource: 'images', role: 'roles/artifactregistry.reader' },
  },
  {
    group: 'projects',
    noun: 'project',
    positional: one('Id of the project.'),
    name: async (_, written) => ofProject(written),
    example: { resource: 'my-project', role: 'roles/artifactregistry.writer' },
  },
  {
    group: 'iam service-accounts',
    noun: 'service account',
    positional: one('E-mail of the service account.'),
    name: async (_, written) => ofServiceAccount(written),
    example: {
      resource: 'ci@my-project.iam.gserviceaccount.com',
      role: 'roles/iam.serviceAccountTokenCreator',
    },
  },
  {
    group: 'organizations',
    noun: 'organization',
    positional: maybe('The installation, which is called entrepot.'),
    name: async (_, written) => ofOrganization(written),
    example: { resource: 'entrepot', role: 'roles/resourcemanager.projectCreator' },
  },
];
