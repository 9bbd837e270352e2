import type { Act } from '../core/audit.ts';
import type { Route } from '../core/format.ts';
import { type RepositoryAddress, repositoryName } from '../core/repository.ts';
import { serviceOf } from '../core/permissions.ts';
import { actorOf } from './actor.ts';
import type { DataRequest } from './data-request.ts';

interface Parts {
  readonly now: () => number;
  readonly newId: () => string;
}

/** The record of a request to a repository, as the audit log will have it. */
export function dataAct(
  { now, newId }: Parts,
  { request, principal, bearer, peer }: DataRequest,
  address: RepositoryAddress,
  rest: readonly string[],
  { audit, permission }: Route,
): Act | undefined {
  if (!audit) return undefined;
  return {
    id: newId(),
    at: now(),
    actor: actorOf(request, peer(), { principal, ...(bearer && { bearer }) }),
    type: audit.type === 'publish' ? 'DATA_WRITE' : audit.type,
    service: serviceOf(permission),
    method: audit.method,
    resource: repositoryName(address),
    permission,
    request: { name: rest.join('/') },
  };
}
