import { RegistryError } from '../core/error.ts';
import { memberOf, type Principal, type ResourceName } from '../core/iam.ts';
import { shownName } from '../core/installation.ts';
import { type Permission, serviceOf } from '../core/permissions.ts';

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
  const resource = fullName(permission, on);
  const limited = principal.scope ? ', with a token that is limited' : '';
  const who = `logged in as ${memberOf(principal)}${limited}`;
  return new RegistryError(
    'PERMISSION_DENIED',
    'IAM_PERMISSION_DENIED',
    `Permission '${permission}' denied on resource '${resource}' (or it may not exist). You are ${who}.`,
    { details: { permission, resource, principal: memberOf(principal) } },
  );
}

/** What Google calls a full resource name: the service's host in front. */
export const fullName = (permission: string, on: ResourceName): string =>
  `//${serviceOf(permission)}/${shownName(on)}`;

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
