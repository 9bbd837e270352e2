import type { ResourceName, Within } from '../core/iam.ts';
import { type RepositoryAddress, repositoryName } from '../core/repository.ts';
import type { FileAddress, PackageAddress, TagAddress, VersionAddress } from '../core/resources.ts';
import { RegistryError } from '../core/error.ts';
import type { Params } from './route.ts';

/** Path templates; each adds to the one above. */
export const PROJECT = '/v1/projects/:project';
export const LOCATION = `${PROJECT}/locations/:location`;
export const REPOSITORY = `${LOCATION}/repositories/:repository`;
export const PACKAGE = `${REPOSITORY}/packages/:package`;
export const SERVICE_ACCOUNT = `${PROJECT}/serviceAccounts/:account`;

/** A parameter that the route's path promises. */
export function param(params: Params, name: string): string {
  const value = params[name];
  if (value === undefined)
    throw new RegistryError('INTERNAL', 'ROUTE_PARAM', `route has no parameter ${name}`);
  return value;
}

export const locationAt = (params: Params): { readonly project: string; readonly location: string } => ({
  project: param(params, 'project'),
  location: param(params, 'location'),
});
export const repositoryAt = (params: Params): RepositoryAddress => ({
  ...locationAt(params),
  repository: param(params, 'repository'),
});
export const packageAt = (params: Params): PackageAddress => ({
  ...repositoryAt(params),
  package: param(params, 'package'),
});
export const versionAt = (params: Params): VersionAddress => ({
  ...packageAt(params),
  version: param(params, 'version'),
});
export const tagAt = (params: Params): TagAddress => ({ ...packageAt(params), tag: param(params, 'tag') });
export const fileAt = (params: Params): FileAddress => ({
  ...repositoryAt(params),
  path: param(params, 'file'),
});

/** What of a repository a path names. */
export const ofPackage = (params: Params): Within => ({ package: param(params, 'package') });
export const ofVersion = (params: Params): Within => ({
  ...ofPackage(params),
  version: param(params, 'version'),
});
export const ofTag = (params: Params): Within => ({ ...ofPackage(params), tag: param(params, 'tag') });

/** What permissions are held on. */
export const onInstallation = (): ResourceName => '/';
export const onProject = (params: Params): ResourceName => `projects/${param(params, 'project')}`;
export const onRepository = (params: Params): ResourceName => repositoryName(repositoryAt(params));
/** `projects/-` stands for the project that the e-mail names. */
export const onServiceAccount = (params: Params): ResourceName => {
  const [project, account] = [param(params, 'project'), param(params, 'account')];
  const home = project === '-' ? (/@([^.]+)\./.exec(account)?.[1] ?? project) : project;
  return `projects/${home}/serviceAccounts/${account}`;
};
