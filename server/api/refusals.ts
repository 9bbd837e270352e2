import { RegistryError } from '../core/error.ts';
import type { Permission, Principal, ResourceName } from '../core/iam.ts';

/** Cloud Resource Manager owns the permissions on projects, Artifact Registry all others. */
const ownerOf = (permission: string) =>
  permission.startsWith('projects.')
    ? { prefix: 'resourcemanager', service: 'cloudresourcemanager.googleapis.com' }
    : { prefix: 'artifactregistry', service: 'artifactregistry.googleapis.com' };

/** One answer for what is not there and for what the caller may not see; anonymous callers are asked who they are. */
export function denied(
  principal: Principal,
  permission: Permission | 'account',
  on: ResourceName,
): RegistryError {
  if (principal.kind === 'anonymous')
    return new RegistryError(
      'UNAUTHENTICATED',
      'CREDENTIALS_MISSING',
      'Request is missing required authentication credential. Send an access token as Authorization: Bearer.',
      { headers: { 'www-authenticate': 'Bearer' } },
    );
  const { prefix, service } = ownerOf(permission);
  const resource = `//${service}/${on === '/' ? '' : on}`;
  return new RegistryError(
    'PERMISSION_DENIED',
    'IAM_PERMISSION_DENIED',
    `Permission '${prefix}.${permission}' denied on resource '${resource}' (or it may not exist).`,
    { details: { permission: `${prefix}.${permission}`, resource } },
  );
}

/** For callers who may see the parent. */
export const missing = (name: string): RegistryError =>
  new RegistryError('NOT_FOUND', 'RESOURCE_NOT_FOUND', `Requested entity was not found: ${name}`, {
    details: { name },
  });

/** The thing itself, or NOT_FOUND in its name. */
export function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw missing(name);
  return value;
}
