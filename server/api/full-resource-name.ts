import { names } from '../../contract/names.ts';
import { invalid } from '../core/error.ts';
import type { ResourceName, Within } from '../core/iam.ts';
import { INSTALLATION } from '../core/installation.ts';
import { type RepositoryAddress, repositoryName } from '../core/repository.ts';

const NAME =
  /^(?:organizations\/entrepot|projects\/[^/]+(?:\/locations\/[^/]+\/repositories\/[^/]+|\/serviceAccounts\/[^/]+)?)$/;

/**
 * What a full resource name names: `//artifactregistry.googleapis.com/projects/P/locations/L/repositories/R`, or the
 * same without a service in front. INVALID_ARGUMENT for what has no policy of its own.
 */
export function resourceOfFullName(text: string): ResourceName {
  const name = bare(text);
  if (name === INSTALLATION) return '/';
  if (NAME.test(name)) return name as ResourceName;
  throw invalid(
    'RESOURCE_NAME_INVALID',
    `"${text.slice(0, 300)}" is not the name of a repository, a service account, a project or ${INSTALLATION}.`,
    { field: 'full_resource_name' },
  );
}

/** The same, also for what is inside a repository: a package, a version, a tag. */
export function insideOfFullName(text: string): { readonly on: ResourceName; readonly within?: Within } {
  const name = bare(text);
  const parts: (RepositoryAddress & Within) | undefined =
    names.tag.parse(name) ?? names.version.parse(name) ?? names.package.parse(name);
  if (!parts) return { on: resourceOfFullName(text) };
  const { project, location, repository, ...within } = parts;
  return { on: repositoryName({ project, location, repository }), within };
}

const bare = (text: string): string => text.replace(/^\/\/[a-z0-9.-]+\//, '');
