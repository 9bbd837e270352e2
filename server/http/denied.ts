import { RegistryError } from '../core/error.ts';
import type { Format } from '../core/format.ts';
import { memberOf, type Principal } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import { repositoryName } from '../core/repository.ts';
import type { DataRequest, RepositoryDestination } from './data-request.ts';

/** The least of the predefined roles that has the permission, for whoever is to ask for one. */
const ROLES: Partial<Readonly<Record<Permission, string>>> = {
  'artifactregistry.repositories.downloadArtifacts': 'roles/artifactregistry.reader',
  'artifactregistry.repositories.uploadArtifacts': 'roles/artifactregistry.writer',
  'artifactregistry.repositories.deleteArtifacts': 'roles/artifactregistry.repoAdmin',
  'artifactregistry.repositories.createOnPush': 'roles/artifactregistry.createOnPushWriter',
};

/**
 * 401 with a challenge where credentials could help, else 403 in the words of Google's own refusal, and who was
 * refused and what to do: Docker shows its user nothing else. The same for what is there and what is not.
 */
export function denied(
  { principal, origin }: Pick<DataRequest, 'principal' | 'origin'>,
  { format, address, basePath, rest }: RepositoryDestination,
  permission: Permission,
): RegistryError {
  const name = repositoryName(address);
  const what = `"${permission}" on resource "${name}" (or it may not exist)`;
  if (principal.kind !== 'anonymous')
    return new RegistryError(
      'PERMISSION_DENIED',
      'DENIED',
      `Permission ${what.replace(' on resource', ' denied on resource')}; ${whoAndWhatNow(principal, permission)}`,
    );
  const scope = { address: [basePath, ...rest].join('/'), permission };
  return new RegistryError(
    'UNAUTHENTICATED',
    'UNAUTHORIZED',
    `Unauthenticated request. Unauthenticated requests do not have permission ${what}`,
    { headers: challengeOf(format, { origin, scope }) },
  );
}

/** The header that asks for credentials, where the format's clients heed one. */
export function challengeOf(
  format: Format,
  request: Parameters<NonNullable<Format['challenge']>>[0],
): Readonly<Record<string, string>> {
  const challenge = format.challenge?.(request);
  return challenge === undefined ? {} : { 'www-authenticate': challenge };
}

function whoAndWhatNow(who: Exclude<Principal, { kind: 'anonymous' }>, permission: Permission): string {
  const role = ROLES[permission];
  const ask = `ask an owner of the project for ${role ?? 'a role with it'}`;
  return who.scope
    ? `logged in as ${memberOf(who)} with a token that is limited: use one without that limit, or ${ask}`
    : `logged in as ${memberOf(who)}: ${ask}`;
}
