import type { AccessTuple } from '../../../contract/client.ts';
import type { Cli } from '../../context.ts';
import { usage } from '../../exit.ts';
import { maybe, one } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { repositoryName } from '../../resolve.ts';
import { given } from '../given.ts';

/** What people do with a repository, in a word. */
const VERBS: Readonly<Record<string, string>> = {
  pull: 'artifactregistry.repositories.downloadArtifacts',
  push: 'artifactregistry.repositories.uploadArtifacts',
  delete: 'artifactregistry.repositories.deleteArtifacts',
};

export const questionPositionals = {
  permission: one('A permission, or one of the words pull, push and delete.'),
  resource: maybe(
    'Id or full name of a repository, or the name of something else: projects/P, organizations/entrepot. ' +
      'Default: the property artifacts/repository.',
  ),
};
export const insideFlags = {
  package: text('PACKAGE', 'What of the repository it is about, for conditions that ask for it.'),
  version: text('VERSION', 'The version it is about.'),
  tag: text('TAG', 'The tag it is about.'),
};

interface Inside {
  readonly package: string | undefined;
  readonly version: string | undefined;
  readonly tag: string | undefined;
}
interface Asked extends Inside {
  readonly permission: string;
  readonly resource: string | undefined;
}

export const insideOf = ({ package: inPackage, version, tag }: Inside) =>
  given({ package: inPackage, version, tag });

/** The question that a line asks, as the server reads it. */
export async function questionOf(cli: Cli, asked: Asked): Promise<AccessTuple> {
  const resource = insideOf(asked);
  return {
    permission: permissionOf(asked.permission),
    fullResourceName: await resourceName(cli, asked.resource),
    ...(Object.keys(resource).length > 0 && { conditionContext: { resource } }),
  };
}

function permissionOf(written: string): string {
  if (written.includes('.')) return written;
  const permission = VERBS[written.toLowerCase()];
  if (permission !== undefined) return permission;
  throw usage(`[${written}] is not a permission, nor one of ${Object.keys(VERBS).join(', ')}`);
}

const resourceName = async (cli: Cli, written: string | undefined): Promise<string> =>
  written !== undefined && /^(?:\/\/|projects\/|organizations\/)/.test(written)
    ? written
    : repositoryName(cli, written);
