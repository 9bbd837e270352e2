import { type Act, type AuditName, type AuditNotes, DONE, failure, isRefusal } from '../core/audit.ts';
import type { Route, RouteRequest } from '../core/format.ts';
import type { Within } from '../core/iam.ts';
import { serviceOf } from '../core/permissions.ts';
import { repositoryName } from '../core/repository.ts';
import { actorOf } from './actor.ts';
import type { DataRequest, RepositoryDestination } from './data-request.ts';

export interface DataAuditParts {
  readonly notes: AuditNotes;
  readonly now: () => number;
  readonly newId: () => string;
}

/** A request to a repository, as whoever records it needs it. */
export interface Recordable {
  readonly call: DataRequest;
  readonly destination: RepositoryDestination;
  readonly route: Route;
  readonly asked: RouteRequest;
}

/**
 * Runs a request under the record that is kept of it. What publishes or deletes is recorded by its own transactions, and here
 * only when it fails; anything else is noted where a policy wants it, and refused changes always.
 */
export async function recorded(
  parts: DataAuditParts,
  request: Recordable,
  run: (act: Act | undefined) => Promise<Response>,
): Promise<Response> {
  const name = nameOf(request);
  const act = name && isWanted(parts, request, name) ? dataAct(parts, request, name) : undefined;
  try {
    const answer = await run(act);
    if (act && !act.publishes) parts.notes.note(act, DONE);
    return answer;
  } catch (error) {
    // Clients ask without credentials first, to be told that they need some.
    if (name && !(isRefusal(error) && request.call.principal.kind === 'anonymous')) {
      const failed =
        act ?? (isRefusal(error) && changes(request) ? dataAct(parts, request, name) : undefined);
      if (failed) parts.notes.note(failed, failure(error));
    }
    throw error;
  }
}

/** The record of a repository that came into being because something was pushed to it. */
export const creationAct = (
  { now, newId }: Pick<DataAuditParts, 'now' | 'newId'>,
  call: DataRequest,
  { address, format }: RepositoryDestination,
): Act => ({
  id: newId(),
  at: now(),
  actor: actorOf(call.request, call.peer(), callerOf(call)),
  type: 'ADMIN_WRITE',
  service: serviceOf('artifactregistry.repositories.createOnPush'),
  method: `${format.title}-CreateOnPush`,
  resource: repositoryName(address),
  permission: 'artifactregistry.repositories.createOnPush',
});

function nameOf({ call, route: { audit } }: Recordable): Omit<AuditName, 'head'> | undefined {
  return call.request.method === 'HEAD' && audit?.head ? audit.head : audit;
}

const changes = ({ route }: Recordable): boolean => route.kind === 'command' && route.method !== 'GET';

function isWanted(
  { notes }: DataAuditParts,
  { call, destination, route }: Recordable,
  { type }: AuditName,
): boolean {
  if (type === 'publish' || type === 'ADMIN_WRITE') return true;
  const { project } = destination.address;
  return notes.wanted({ type, service: serviceOf(route.permission), project, principal: call.principal });
}

function dataAct(
  { now, newId }: DataAuditParts,
  { call, destination, route, asked }: Recordable,
  { method, type, secrets = [] }: AuditName,
): Act {
  const named = [...Object.entries(asked.params), ...asked.query];
  return {
    id: newId(),
    at: now(),
    actor: actorOf(call.request, call.peer(), callerOf(call)),
    type: type === 'publish' ? 'DATA_WRITE' : type,
    service: serviceOf(route.permission),
    method,
    resource: resourceOf(repositoryName(destination.address), route.within?.(asked) ?? {}),
    project: destination.address.project,
    permission: route.permission,
    request: Object.fromEntries(named.filter(([name]) => !secrets.includes(name))),
    ...(type === 'publish' && { lasting: true, publishes: true }),
  };
}

const callerOf = ({ principal, bearer }: DataRequest) => ({ principal, ...(bearer && { bearer }) });

const escaped = (id: string): string => id.replaceAll('%', '%25').replaceAll('/', '%2F');

function resourceOf(repository: string, { package: pkg, version, tag }: Within): string {
  if (pkg === undefined) return repository;
  const name = `${repository}/packages/${escaped(pkg)}`;
  if (version !== undefined) return `${name}/versions/${escaped(version)}`;
  return tag === undefined ? name : `${name}/tags/${escaped(tag)}`;
}
